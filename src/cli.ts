#!/usr/bin/env node
import 'reflect-metadata';
import { runCommandLine } from './cli/run-command-line.js';

process.exitCode = await runCommandLine(process.argv, process.env);
