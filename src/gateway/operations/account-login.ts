/** Signs in on this device, by e-mail address or user name. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { deviceInput, passwordInput } from './input-schemas.ts';
import { signedIn } from './view-schemas.ts';

export const accountLogin = defineOperation({
  name: 'account.login',
  summary: 'Sign in',
  method: 'POST',
  paths: ['/v1/login'],
  auth: 'stranger',
  rate: 'sign-in',
  status: 200,
  input: z.strictObject({
    email: z.string().max(512).meta({ description: 'The e-mail address, or the user name.' }),
    password: passwordInput,
    device: deviceInput,
  }),
  output: signedIn,
  handle: ({ services, clientAddress }, { email, password, device }) =>
    services.accounts.login({ login: email, password, device, clientAddress }),
});
