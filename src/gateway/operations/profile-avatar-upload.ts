/** Where to send a new profile picture; `profile.edit` with its `mediaId` then puts it in place. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { contentTypeInput } from './input-schemas.ts';
import { uploadSlot } from './view-schemas.ts';

export const profileAvatarUpload = defineOperation({
  name: 'profile.avatarUpload',
  summary: 'Get an upload URL for a profile picture',
  method: 'POST',
  paths: ['/v1/me/avatar'],
  auth: 'user',
  rate: 'upload',
  status: 201,
  input: z.strictObject({ contentType: contentTypeInput }),
  output: uploadSlot,
  handle: ({ services, viewer }, { contentType }) => services.profiles.avatarUpload(viewer.userId, contentType),
});
