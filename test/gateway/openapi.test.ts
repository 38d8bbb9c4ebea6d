import test from 'ava';
import { openApiDocument } from '../../src/gateway/openapi.ts';
import { catalogue } from '../../src/gateway/operations/catalogue.ts';

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly content?: unknown }>>;
  readonly security: readonly Record<string, unknown>[];
}

type Paths = Readonly<Record<string, Readonly<Record<string, Described>>>>;

const json: unknown = JSON.parse(
  JSON.stringify(openApiDocument({ publicUrl: 'https://photos.example.org', version: '1.2.3' })),
);
const document = json as { openapi: string; servers: unknown; paths: Paths; components: unknown };
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every value under a property of that name, anywhere. */
function everyValue(name: string, within: unknown): unknown[] {
  if (typeof within !== 'object' || within === null) return [];
  return Object.entries(within).flatMap(([key, value]: [string, unknown]) => [
    ...(key === name ? [value] : []),
    ...everyValue(name, value),
  ]);
}

function resolve(reference: string): unknown {
  let at: unknown = document;
  for (const part of reference.replace(/^#\//, '').split('/')) at = (at as Record<string, unknown> | undefined)?.[part];
  return at;
}

test('every operation is described at each of its paths, and nothing else but the two routes that take bytes', (t) => {
  const expected = catalogue.flatMap(({ method, paths }) => paths.map((path) => `${method.toLowerCase()} ${path}`));
  const found = described.map(({ path, method }) => `${method} ${path}`);
  t.deepEqual(found.toSorted(), [...expected, 'put /v1/uploads/{mediaId}', 'post /v1/photos'].toSorted());
  t.is(document.openapi, '3.1.0');
  t.deepEqual(document.servers, [{ url: 'https://photos.example.org' }]);
});

test('operation names and operation ids are unique', (t) => {
  t.is(new Set(catalogue.map(({ name }) => name)).size, catalogue.length);
  t.is(new Set(described.map(({ operation }) => operation.operationId)).size, described.length);
});

test('every reference resolves', (t) => {
  const references = everyValue('$ref', document).map(String);
  t.true(references.length > 50);
  for (const reference of new Set(references)) t.is(typeof resolve(reference), 'object', reference);
});

test('every path parameter is declared and required, and no other is', (t) => {
  for (const { path, method, operation } of described) {
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    const named = Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1]);
    t.deepEqual(
      inPath.map(({ name }) => name),
      named as string[],
      `${method} ${path}`,
    );
    t.true(inPath.every(({ required }) => required === true));
  }
});

test('reads have no body, creating calls take an idempotency key, and all say how they refuse', (t) => {
  for (const { path, method, operation } of described) {
    const where = `${method} ${path}`;
    if (method === 'get' || method === 'delete') t.is(operation.requestBody, undefined, where);
    const statuses = Object.keys(operation.responses);
    t.true(statuses.some((status) => status.startsWith('2')) && statuses.includes('429'), where);
    t.is(operation.responses['204']?.content, undefined, where);
    t.true(operation.security.length > 0, where);
  }
  for (const { name, creates } of catalogue) {
    const { operation } = described.find((one) => one.operation.operationId === name) ?? { operation: null };
    const headers = (operation?.parameters ?? []).filter((parameter) => parameter.in === 'header');
    t.deepEqual(
      headers.map((header) => header.name),
      creates === true ? ['Idempotency-Key'] : [],
      name,
    );
  }
});
