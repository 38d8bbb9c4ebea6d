/** A user's profile, by id. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { userIdInput } from './input-schemas.ts';
import { profileView } from './view-schemas.ts';

export const profileRead = defineOperation({
  name: 'profile.read',
  summary: 'Read a profile',
  method: 'GET',
  paths: ['/v1/users/{userId}'],
  auth: 'anyone',
  rate: 'read',
  status: 200,
  input: z.object({ userId: userIdInput }),
  output: profileView,
  handle: ({ services, viewer }, { userId }) => services.profiles.byId(viewer?.userId ?? null, userId),
});
