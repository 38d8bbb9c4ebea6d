/**
 * The OpenAPI 3.1 document, made from the catalogue. Of an operation's input, what the path names are path parameters, the
 * rest is the query of a GET or DELETE and the body of all others. The only file that knows the `zod-openapi` package.
 */
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { ERRORS, type ErrorCode, invariant } from '../errors.ts';
import { limits } from '../limits.ts';
import { catalogue } from './operations/catalogue.ts';
import { nothing, postPageItem } from './operations/view-schemas.ts';
import { captionInput, mediaIdInput, text } from './operations/input-schemas.ts';
import type { Operation } from './operation.ts';

export interface OpenApiSettings {
  /** Absolute base URL that clients reach the server under. */
  readonly publicUrl: string;
  readonly version: string;
}

type Shape = Readonly<Record<string, z.ZodType>>;
type Responses = ZodOpenApiOperationObject['responses'];

const JSON_TYPE = 'application/json';
const PROBLEM_TYPE = 'application/problem+json';
const SIGNED_IN = [{ accessToken: [] }];
const ANYONE = [{}, { accessToken: [] }];

const problem = z
  .object({
    type: z.string().meta({ example: 'urn:shutterline:error:not-found' }),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: `One of: ${Object.keys(ERRORS).join(', ')}.` }),
    detail: z.string(),
    retryable: z.boolean(),
    retryAfterMs: z.int().optional(),
    errors: z.array(z.object({ field: z.string(), reason: z.string() })).optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'Why a request was refused (RFC 9457).' });

const idempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .max(limits.idempotencyKeyCharactersMax)
    .optional()
    .meta({ description: 'Repeating a call with the same key and body has the effect of one call.' }),
});

/** Plain JSON, ready to be served at `/openapi.json`. */
export function openApiDocument(settings: OpenApiSettings) {
  return createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Shutterline',
        version: settings.version,
        description:
          'Photo sharing. Live events travel over WebSocket (`/v1/live`) and socket.io; see docs/protocol.md.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: settings.publicUrl }],
      security: SIGNED_IN,
      tags: tags(),
      paths: { ...paths(), ...rawPaths() },
      components: {
        securitySchemes: {
          accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          signedUrl: { type: 'apiKey', in: 'query', name: 'signature', description: 'Part of every `uploadUrl`.' },
        },
      },
    },
    { override: ({ jsonSchema, io }) => tidy(jsonSchema, io) },
  );
}

/** Answers may gain properties later, so clients must not be told otherwise; and what only repeats a format is left out. */
function tidy(schema: z.core.JSONSchema.BaseSchema, io: 'input' | 'output'): void {
  if (schema.format === 'date-time') delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (io === 'input') return;
  delete schema.readOnly;
  if (schema.additionalProperties === false) delete schema.additionalProperties;
}

function tags() {
  const names = new Set(catalogue.map(tagOf));
  return Array.from(names, (name) => ({ name }));
}

function tagOf(operation: Operation): string {
  return operation.name.split('.')[0] ?? operation.name;
}

function paths(): ZodOpenApiPathsObject {
  const found: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const operation of catalogue) {
    for (const [index, path] of operation.paths.entries()) {
      const item = (found[path] ??= {});
      const method = operation.method.toLowerCase();
      invariant(item[method] === undefined, `two operations at ${operation.method} ${path}`);
      item[method] = describe(operation, path, index);
    }
  }
  return found;
}

function describe(operation: Operation, path: string, index: number): ZodOpenApiOperationObject {
  const { pathShape, restShape } = splitInput(operation, path);
  const isInQuery = operation.method === 'GET' || operation.method === 'DELETE';
  const hasRest = Object.keys(restShape).length > 0;
  return {
    operationId: index === 0 ? operation.name : `${operation.name}.${index + 1}`,
    summary: operation.summary,
    tags: [tagOf(operation)],
    security: operation.auth === 'user' ? SIGNED_IN : ANYONE,
    requestParams: {
      ...(Object.keys(pathShape).length > 0 && { path: z.object(pathShape) }),
      ...(isInQuery && hasRest && { query: z.object(restShape) }),
      ...(operation.creates === true && { header: idempotencyHeader }),
    },
    ...(!isInQuery && hasRest && { requestBody: bodyOf(z.strictObject(restShape)) }),
    responses: { ...successOf(operation), ...refusals(operation, path) },
  };
}

function splitInput(operation: Operation, path: string): { pathShape: Shape; restShape: Shape } {
  invariant(operation.input instanceof z.ZodObject, `the input of ${operation.name} is an object`);
  const shape = operation.input.shape as Shape;
  const named = new Set(Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1]));
  const entries = Object.entries(shape);
  const pathShape = Object.fromEntries(entries.filter(([name]) => named.has(name)));
  invariant(Object.keys(pathShape).length === named.size, `${operation.name} declares what ${path} names`);
  return { pathShape, restShape: Object.fromEntries(entries.filter(([name]) => !named.has(name))) };
}

/** A body that may be left out altogether is one that an empty object would do for. */
function bodyOf(schema: z.ZodObject) {
  return { required: !schema.safeParse({}).success, content: { [JSON_TYPE]: { schema } } };
}

function successOf(operation: Operation): Responses {
  const status = `${operation.status}` as const;
  if (operation.output === nothing) return { [status]: { description: 'Done.' } };
  return { [status]: { description: 'Success.', content: { [JSON_TYPE]: { schema: operation.output } } } };
}

function refusals(operation: Operation, path: string): Responses {
  const codes: ErrorCode[] = [
    'invalid-request',
    'unauthenticated',
    'rate-limited',
    'internal',
    'overloaded',
    'timeout',
  ];
  if (path.includes('{')) codes.push('not-found');
  if (operation.method !== 'GET') codes.push('forbidden', 'conflict', 'payload-too-large');
  if (operation.creates === true) codes.push('idempotency-mismatch');
  return refusalsOf(codes);
}

function refusalsOf(codes: readonly ErrorCode[]): Responses {
  const statuses = Array.from(new Set(codes.map((code) => ERRORS[code].status))).toSorted((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const described = codes.filter((code) => ERRORS[code].status === status);
      const description = described.map((code) => `\`${code}\`: ${ERRORS[code].message}`).join(' ');
      return [`${status}`, { description, content: { [PROBLEM_TYPE]: { schema: problem } } }];
    }),
  );
}

/** The two routes that take bytes rather than JSON, and are therefore no operations. */
function rawPaths(): ZodOpenApiPathsObject {
  const bytes = { type: 'string', format: 'binary', maxLength: limits.photoBytesMax } as const;
  const files: readonly ErrorCode[] = ['payload-too-large', 'unsupported-media', 'rate-limited', 'overloaded'];
  return {
    '/v1/uploads/{mediaId}': {
      put: {
        operationId: 'upload.put',
        summary: 'Send the bytes of a photo to the `uploadUrl` you were given',
        tags: ['upload'],
        security: [{ signedUrl: [] }],
        requestParams: { path: z.object({ mediaId: mediaIdInput }) },
        requestBody: { required: true, content: { 'image/*': { schema: bytes } } },
        responses: {
          '204': { description: 'The bytes are kept, and the photo is being processed.' },
          ...refusalsOf(['forbidden', 'conflict', ...files]),
        },
      },
    },
    '/v1/photos': {
      post: {
        operationId: 'post.createWithPhoto',
        summary: 'Create a post and send its photo in one request',
        tags: ['post'],
        security: SIGNED_IN,
        requestParams: { header: idempotencyHeader },
        requestBody: {
          required: true,
          content: {
            'multipart/form-data': {
              schema: z.object({
                photo: z.string().meta({ override: bytes }),
                caption: captionInput.optional(),
                altText: text({ max: limits.altTextCharactersMax, lines: true }).optional(),
              }),
            },
          },
        },
        responses: {
          '201': { description: 'Created.', content: { [JSON_TYPE]: { schema: postPageItem } } },
          ...refusalsOf(['invalid-request', 'unauthenticated', 'idempotency-mismatch', ...files]),
        },
      },
    },
  };
}
