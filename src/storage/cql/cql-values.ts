/**
 * Cells as the driver takes and gives them: text, bigint, double, boolean. A column that a later release added is null in
 * older rows, and is read as its kind's empty value.
 */
import { types } from 'cassandra-driver';
import { assertNever } from '../../assert-never.ts';
import type { Column } from '../table.ts';
import type { Cell, LaidColumn } from '../table-layout.ts';

export type Parameter = string | number | bigint | boolean | null | typeof types.unset | readonly Parameter[];

/** A row as the driver gives it. */
export type DriverRow = Readonly<Record<string, unknown>>;

const EMPTY = { text: '', integer: 0, real: 0, boolean: 0, json: 'null' } as const;

export function cqlType(kind: Column['kind']): 'text' | 'bigint' | 'double' | 'boolean' {
  switch (kind) {
    case 'text':
    case 'json':
      return 'text';
    case 'integer':
      return 'bigint';
    case 'real':
      return 'double';
    case 'boolean':
      return 'boolean';
    default:
      return assertNever(kind);
  }
}

export function toParameter(column: Column, cell: Cell): Parameter {
  if (cell === null) return null;
  switch (column.kind) {
    case 'text':
    case 'json':
    case 'real':
      return cell;
    case 'integer':
      return BigInt(cell);
    case 'boolean':
      return cell === 1;
    default:
      return assertNever(column.kind);
  }
}

/** Where the key always means the same content, a null need not be written, and leaves no tombstone. */
export function unsetIfNull(parameter: Parameter): Parameter {
  return parameter === null ? types.unset : parameter;
}

export function fromDriver({ name, column }: LaidColumn, row: DriverRow): Cell {
  const value = row[name];
  if (value === null || value === undefined) return column.nullable ? null : EMPTY[column.kind];
  if (typeof value === 'string' || typeof value === 'number') return value;
  return Number(value);
}
