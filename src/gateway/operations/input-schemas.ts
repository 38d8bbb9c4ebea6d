/**
 * What clients may send: the pieces that operations build their inputs from. Texts come in trimmed, in Unicode form NFC,
 * with `\n` as the only line break; lengths count characters (code points), not bytes.
 */
import { z } from 'zod';
import type { CommentId, MediaId, NotificationId, PostId, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { PageRequest } from '../../actors/services.ts';

const ID = /^[0-7][0-9a-hjkmnp-tv-z]{12}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_LINE_BREAK = /(?!\n)\p{Cc}/u;
const CURSOR_CHARACTERS_MAX = 512;

function idSchema<Id extends string>(description: string): z.ZodType<Id, string> {
  const schema = z.string().regex(ID, 'must be an id: 13 characters of lower-case Crockford base32');
  return schema.meta({ description, example: '0f3k8sxw60g00' }) as unknown as z.ZodType<Id, string>;
}

export const userIdInput = idSchema<UserId>('Id of a user.');
export const postIdInput = idSchema<PostId>('Id of a post.');
export const mediaIdInput = idSchema<MediaId>('Id of an uploaded file.');
export const commentIdInput = idSchema<CommentId>('Id of a comment.');
export const notificationIdInput = idSchema<NotificationId>('Id of a notification.');

interface TextRule {
  readonly min?: number;
  readonly max: number;
  /** Whether line breaks may stand in it. */
  readonly lines?: boolean;
}

export function text({ min = 0, max, lines = false }: TextRule): z.ZodString {
  const forbidden = lines ? CONTROL_BUT_LINE_BREAK : CONTROL;
  return z
    .string()
    .overwrite((value) => value.replaceAll(/\r\n?/g, '\n').normalize('NFC').trim())
    .refine((value) => !forbidden.test(value) && !LONE_SURROGATE.test(value), 'must not hold control characters')
    .refine((value) => characters(value) <= max, `must have at most ${max} characters`)
    .refine(
      (value) => characters(value) >= min,
      min === 1 ? 'must not be empty' : `must have at least ${min} characters`,
    )
    .meta(min === 0 ? { maxLength: max } : { minLength: min, maxLength: max });
}

function characters(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}

export const captionInput = text({ max: limits.captionCharactersMax, lines: true });

/** How a client names its installation; shown in the list of signed-in devices. */
export const deviceInput = text({ min: 1, max: limits.deviceCharactersMax }).default('unnamed');

/** Taken as typed: neither trimmed nor normalised. What it must be like is decided where accounts are made. */
export const passwordInput = z
  .string()
  .max(4 * limits.passwordCharactersMax, 'is too long')
  .meta({ format: 'password' });

/** An image type; which of them are taken, the upload decides by looking at the bytes. */
export const contentTypeInput = z
  .string()
  .max(64)
  .regex(/^image\/[a-z0-9.+-]+$/, 'must be an image type, such as image/jpeg')
  .default('image/jpeg');

/** The two properties of every list; an empty cursor means the first page. Spread into the operation's input. */
export const pageInput = {
  cursor: z
    .string()
    .max(CURSOR_CHARACTERS_MAX)
    .exactOptional()
    .meta({ description: '`nextCursor` of the page before; absent for the first page.' }),
  limit: z.coerce
    .number<number | string>()
    .int()
    .min(1)
    .max(limits.pageSizeMax)
    .default(limits.pageSizeDefault)
    .meta({ description: 'How many to answer at most.' }),
};

export function pageOf(input: { readonly cursor?: string; readonly limit: number }): PageRequest {
  return { cursor: input.cursor === undefined || input.cursor === '' ? null : input.cursor, limit: input.limit };
}
