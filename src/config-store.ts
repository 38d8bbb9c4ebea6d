/** Which engine holds the tables, and how it is reached: the part of the configuration that belongs to it. */
import { readFileSync } from 'node:fs';
import type { Variable } from './config.ts';
import { matching, nonEmpty, oneOf } from './config-values.ts';

export interface StoreConfig {
  readonly store: 'embedded' | 'cql';
  readonly cqlContactPoints: readonly string[];
  readonly cqlLocalDataCenter: string;
  readonly cqlKeyspace: string;
  /** A number: copies in the local data centre. */
  readonly cqlReplication: number | Readonly<Record<string, number>>;
  readonly cqlConsistency: 'quorum' | 'local-quorum';
  readonly cqlUsername: string | null;
  readonly cqlPassword: string | null;
  /** `authorities`: certificates in PEM form; null: those the system trusts. */
  readonly cqlTls: 'off' | { readonly authorities: string | null };
}

const IDENTIFIER = /^[A-Za-z][A-Za-z0-9_]{0,47}$/;
const COPIES_MAX = 9;

function contactPoint(text: string): string {
  const [, host, port = '9042'] = /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::(\d+))?$/.exec(text) ?? [];
  if (host === undefined) throw new Error('it is not host or host:port');
  if (Number(port) < 1 || Number(port) > 65_535) throw new Error('that is not a port');
  return text;
}

function replication(text: string): StoreConfig['cqlReplication'] {
  if (/^\d+$/.test(text)) return copies(text);
  const entries = text.split(',').map((part): [string, number] => {
    const [, name, count] = /^([A-Za-z0-9_.-]+):(\d+)$/.exec(part.trim()) ?? [];
    if (name === undefined || count === undefined)
      throw new Error('it is neither a number nor data centres with numbers');
    return [name, copies(count)];
  });
  return Object.fromEntries(entries);
}

function copies(text: string): number {
  const count = Number(text);
  if (count < 1 || count > COPIES_MAX) throw new Error('that is not a number of copies in that range');
  return count;
}

function tls(text: string): StoreConfig['cqlTls'] {
  if (text === 'off') return 'off';
  if (text === 'on') return { authorities: null };
  let authorities: string;
  try {
    authorities = readFileSync(text, 'utf8');
  } catch {
    throw new Error('that file cannot be read');
  }
  if (!authorities.includes('-----BEGIN CERTIFICATE-----')) throw new Error('that file holds no certificate');
  return { authorities };
}

export const STORE_VARIABLES: { readonly [Name in keyof StoreConfig]: Variable<StoreConfig[Name]> } = {
  store: {
    name: 'STORE',
    meaning: 'What holds the tables: SQLite in DATA_DIR, or Cassandra or ScyllaDB.',
    allowed: 'embedded or cql',
    fallbackText: 'embedded',
    fallback: 'embedded',
    parse: oneOf('embedded', 'cql'),
  },
  cqlContactPoints: {
    name: 'CQL_CONTACT_POINTS',
    meaning: 'Some of the engine’s nodes; the others are learned from them.',
    allowed: 'host or host:port, separated by commas',
    fallbackText: '127.0.0.1',
    fallback: ['127.0.0.1'],
    parse: (text) => text.split(',').map((part) => contactPoint(part.trim())),
  },
  cqlLocalDataCenter: {
    name: 'CQL_LOCAL_DATA_CENTER',
    meaning: 'The engine’s name of the data centre this node is in; its nodes are asked.',
    allowed: 'letters, digits, . _ and -',
    fallbackText: 'datacenter1',
    fallback: 'datacenter1',
    parse: matching(/^[A-Za-z0-9_.-]+$/),
  },
  cqlKeyspace: {
    name: 'CQL_KEYSPACE',
    meaning: 'Keyspace of the tables. Made and upgraded at the start.',
    allowed: 'a letter, then up to 47 letters, digits and _',
    fallbackText: 'shutterline',
    fallback: 'shutterline',
    parse: matching(IDENTIFIER),
  },
  cqlReplication: {
    name: 'CQL_REPLICATION',
    meaning: 'Copies of each row, used when the keyspace is made; 3 survive the loss of a node.',
    allowed: '1 to 9, or data centres like dc1:3,dc2:3',
    fallbackText: '3',
    fallback: 3,
    parse: replication,
  },
  cqlConsistency: {
    name: 'CQL_CONSISTENCY',
    meaning:
      'How many copies answer each read and write: most of all, or most of those in the local data centre (faster; its loss may lose acknowledged writes, and all nodes must use the same one).',
    allowed: 'quorum or local-quorum',
    fallbackText: 'quorum',
    fallback: 'quorum',
    parse: oneOf('quorum', 'local-quorum'),
  },
  cqlUsername: {
    name: 'CQL_USERNAME',
    meaning: 'Role to sign in as; together with CQL_PASSWORD.',
    allowed: 'any text',
    fallbackText: 'none',
    fallback: null,
    parse: nonEmpty,
  },
  cqlPassword: {
    name: 'CQL_PASSWORD',
    meaning: 'Its password.',
    allowed: 'any text',
    fallbackText: 'none',
    fallback: null,
    parse: nonEmpty,
  },
  cqlTls: {
    name: 'CQL_TLS',
    meaning: 'Encrypts the way to the engine and checks its certificates, which must name the addresses of its nodes.',
    allowed: 'off, on (authorities the system trusts), or a file of authorities in PEM form',
    fallbackText: 'off',
    fallback: 'off',
    parse: tls,
  },
};
