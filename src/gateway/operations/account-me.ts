/** The profile of whoever asks. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { profileView } from './view-schemas.ts';

export const accountMe = defineOperation({
  name: 'account.me',
  summary: 'Read your own profile',
  method: 'GET',
  paths: ['/v1/me'],
  auth: 'user',
  rate: 'read',
  status: 200,
  input: z.object({}),
  output: profileView,
  handle: ({ services, viewer }) => services.profiles.byId(viewer.userId, viewer.userId),
});
