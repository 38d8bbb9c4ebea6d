/** Ends every switch over a discriminated union: a new variant that is not handled does not compile. */
export function assertNever(value: never): never {
  throw new Error(`unhandled variant: ${JSON.stringify(value)}`);
}
