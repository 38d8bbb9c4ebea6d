/** Exchanges a refresh token for new tokens. A lost answer may be asked for again within half a minute. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { signedIn } from './view-schemas.ts';

export const accountRefresh = defineOperation({
  name: 'account.refresh',
  summary: 'Stay signed in: exchange a refresh token for new tokens',
  method: 'POST',
  paths: ['/v1/refresh'],
  auth: 'stranger',
  rate: 'write',
  status: 200,
  input: z.strictObject({ refreshToken: z.string().min(1).max(512) }),
  output: signedIn,
  handle: ({ services }, { refreshToken }) => services.accounts.refresh(refreshToken),
});
