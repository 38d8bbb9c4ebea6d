/** A user's profile, by name. */
import { z } from 'zod';
import { fold } from '../auth/account-rules.ts';
import { defineOperation } from '../operation.ts';
import { profileView } from './view-schemas.ts';

export const profileReadByUsername = defineOperation({
  name: 'profile.readByUsername',
  summary: 'Read a profile by user name',
  method: 'GET',
  paths: ['/v1/users/by-username/{username}'],
  auth: 'anyone',
  rate: 'read',
  status: 200,
  input: z.object({ username: z.string().min(1).max(256) }),
  output: profileView,
  handle: ({ services, viewer }, { username }) => services.profiles.byUsername(viewer?.userId ?? null, fold(username)),
});
