/** Changes name, biography or picture; what is not sent stays. */
import { z } from 'zod';
import { limits } from '../../limits.ts';
import { defineOperation } from '../operation.ts';
import { mediaIdInput, text } from './input-schemas.ts';
import { profileView } from './view-schemas.ts';

export const profileEdit = defineOperation({
  name: 'profile.edit',
  summary: 'Edit your profile',
  method: 'PATCH',
  paths: ['/v1/me'],
  auth: 'user',
  rate: 'write',
  status: 200,
  input: z.strictObject({
    displayName: text({ min: 1, max: limits.nameCharactersMax }).exactOptional(),
    bio: text({ max: limits.bioCharactersMax, lines: true }).exactOptional(),
    avatarMediaId: mediaIdInput.nullable().exactOptional().meta({ description: 'null takes the picture away.' }),
  }),
  output: profileView,
  handle: ({ services, viewer }, changes) => services.profiles.edit(viewer.userId, changes),
});
