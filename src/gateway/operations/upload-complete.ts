/** Says that the bytes have arrived, for storage that does not say so itself. Repeating it is fine. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { mediaIdInput } from './input-schemas.ts';
import { mediaIdView } from './view-schemas.ts';

export const uploadComplete = defineOperation({
  name: 'upload.complete',
  summary: 'Say that an upload is complete',
  method: 'POST',
  paths: ['/v1/uploads/{mediaId}/complete'],
  auth: 'user',
  rate: 'upload',
  status: 202,
  input: z.strictObject({ mediaId: mediaIdInput }),
  output: z.object({ mediaId: mediaIdView, uploadStatus: z.literal('processing') }).readonly(),
  async handle({ services, viewer }, { mediaId }) {
    await services.uploads.complete({ mediaId, ownerId: viewer.userId });
    return { mediaId, uploadStatus: 'processing' as const };
  },
});
