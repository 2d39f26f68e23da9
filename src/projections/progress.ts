/** What a long piece of work is at. */
export type Phase = 'Replaying the log' | 'Catching up' | 'Certifying' | 'Comparing';

/** Tells how far a phase has come, in events or documents. */
export type OnProgress = (phase: Phase, done: number, total: number) => void;
