import type { Reporter } from '../../src/config/reporter.js';

/** Keeps what was reported, for tests that assert on it. */
export interface RecordingReporter extends Reporter {
  readonly lines: string[];
  readonly steps: { label: string; done: number; total: number | undefined }[];
}

export function recordingReporter(): RecordingReporter {
  const lines: string[] = [];
  const steps: RecordingReporter['steps'] = [];
  return {
    lines,
    steps,
    line: (text) => lines.push(text),
    progress: (label, done, total) => steps.push({ label, done, total }),
  };
}
