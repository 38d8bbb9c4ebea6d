/**
 * Checks a value against a JSON schema (draft 7), as far as the Compose specification uses it. A keyword that is not known
 * here throws, so that a newer schema is not half checked.
 */
export interface Schema {
  readonly [keyword: string]: unknown;
}

type Check = (value: unknown, argument: unknown, context: Context) => string[];

interface Context {
  readonly root: Schema;
  readonly schema: Schema;
  readonly path: string;
}

type Fields = Readonly<Record<string, unknown>>;

const IGNORED = new Set([
  '$schema',
  '$id',
  'id',
  'title',
  'description',
  'default',
  'deprecated',
  'definitions',
  'format',
  'examples',
  '$comment',
]);

/** What is wrong, with paths; empty if nothing is. */
export function violations(value: unknown, root: Schema): string[] {
  return check(value, { root, schema: root, path: '' });
}

function check(value: unknown, context: Context): string[] {
  return Object.entries(context.schema).flatMap(([keyword, argument]) => {
    if (IGNORED.has(keyword)) return [];
    const one = CHECKS[keyword];
    if (one === undefined) throw new Error(`the schema uses ${keyword}, which is not checked here`);
    return one(value, argument, context);
  });
}

function below(value: unknown, context: Context, schema: unknown, step: string): string[] {
  return check(value, { ...context, schema: schema as Schema, path: `${context.path}/${step}` });
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

const numbers = (holds: (value: number, bound: number) => boolean, words: string): Check => {
  return (value, bound, { path }) =>
    typeof value !== 'number' || holds(value, Number(bound)) ? [] : [`${path}: is not ${words} ${String(bound)}`];
};

const CHECKS: Readonly<Record<string, Check>> = {
  $ref(value, reference, context) {
    const names = String(reference).split('/').slice(1);
    const schema = names.reduce<unknown>((at, name) => (at as Fields)[name], context.root);
    return check(value, { ...context, schema: schema as Schema });
  },
  type(value, type, { path }) {
    const types = Array.isArray(type) ? type : [type];
    const own = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    const fits = types.includes(own) || (types.includes('integer') && Number.isInteger(value));
    return fits ? [] : [`${path}: is ${own}, not ${types.join(' or ')}`];
  },
  enum: (value, choices, { path }) => ((choices as unknown[]).includes(value) ? [] : [`${path}: is no such choice`]),
  pattern: (value, pattern, { path }) =>
    typeof value !== 'string' || new RegExp(String(pattern)).test(value) ? [] : [`${path}: does not match`],
  minimum: numbers((value, bound) => value >= bound, 'at least'),
  maximum: numbers((value, bound) => value <= bound, 'at most'),
  required: (value, names, { path }) => {
    const fields = fieldsOf(value);
    if (fields === null) return [];
    return (names as string[]).filter((name) => !(name in fields)).map((name) => `${path}/${name}: is missing`);
  },
  items: (value, schema, context) =>
    Array.isArray(value) ? value.flatMap((item, index) => below(item, context, schema, String(index))) : [],
  uniqueItems: (value, unique, { path }) => {
    if (unique !== true || !Array.isArray(value)) return [];
    return new Set(value.map((item) => JSON.stringify(item))).size === value.length ? [] : [`${path}: repeats itself`];
  },
  properties: (value, schemas, context) => {
    const fields = fieldsOf(value) ?? {};
    return Object.entries(schemas as Fields).flatMap(([name, schema]) =>
      name in fields ? below(fields[name], context, schema, name) : [],
    );
  },
  patternProperties: (value, schemas, context) =>
    Object.entries(fieldsOf(value) ?? {}).flatMap(([name, field]) =>
      Object.entries(schemas as Fields).flatMap(([pattern, schema]) =>
        new RegExp(pattern).test(name) ? below(field, context, schema, name) : [],
      ),
    ),
  additionalProperties(value, schema, context) {
    const known = Object.keys((context.schema['properties'] ?? {}) as Fields);
    const patterns = Object.keys((context.schema['patternProperties'] ?? {}) as Fields).map((one) => new RegExp(one));
    const others = Object.entries(fieldsOf(value) ?? {}).filter(
      ([name]) => !known.includes(name) && !patterns.some((pattern) => pattern.test(name)),
    );
    if (schema === true) return [];
    if (schema === false) return others.map(([name]) => `${context.path}/${name}: is not known`);
    return others.flatMap(([name, field]) => below(field, context, schema, name));
  },
  oneOf(value, schemas, context) {
    const found = (schemas as unknown[]).map((schema) => check(value, { ...context, schema: schema as Schema }));
    if (found.filter((problems) => problems.length === 0).length === 1) return [];
    return [`${context.path}: fits none, or more than one, of several forms`, ...(found.at(-1) ?? [])];
  },
};
