/** Signs out on this device: its tokens stop working and its connections close within five seconds. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing } from './view-schemas.ts';

export const accountLogout = defineOperation({
  name: 'account.logout',
  summary: 'Sign out on this device',
  method: 'POST',
  paths: ['/v1/logout'],
  auth: 'user',
  rate: 'write',
  status: 204,
  input: z.strictObject({}),
  output: nothing,
  async handle({ services, viewer }) {
    await services.accounts.logout(viewer.userId, viewer.sessionId);
    return null;
  },
});
