import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { HttpProblem, type Problem } from '../problems/problem.js';

/** Takes exactly what a DTO names, in the types it names: unknown fields are refused, nothing is converted. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    transformOptions: { enableImplicitConversion: false },
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) =>
      new HttpProblem(
        'invalid-request',
        'Fields are missing, unknown or of the wrong type',
        fieldsOf(errors),
      ),
  });
}

/** How long a value is says nothing where it is no text at all. */
function mostTelling({
  maxLength,
  ...others
}: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return maxLength === undefined || 'isString' in others ? others : { ...others, maxLength };
}

function fieldsOf(errors: readonly ValidationError[], prefix = ''): NonNullable<Problem['errors']> {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => [
    ...Object.values(mostTelling(constraints)).map((message) => ({ field: prefix + property, message })),
    ...fieldsOf(children, `${prefix}${property}.`),
  ]);
}
