/** Signs up: a new account, signed in on this device. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { deviceInput, passwordInput } from './input-schemas.ts';
import { signedIn } from './view-schemas.ts';

export const accountRegister = defineOperation({
  name: 'account.register',
  summary: 'Sign up',
  method: 'POST',
  paths: ['/v1/register'],
  auth: 'stranger',
  rate: 'sign-in',
  status: 201,
  input: z.strictObject({
    username: z.string().max(256).meta({ description: '3 to 30 of a–z, 0–9, dot and underscore.', example: 'ada' }),
    email: z.string().max(512).meta({ format: 'email', example: 'ada@example.org' }),
    password: passwordInput.meta({ description: '8 to 256 characters.' }),
    device: deviceInput,
  }),
  output: signedIn,
  handle: ({ services }, input) => services.accounts.register(input),
});
