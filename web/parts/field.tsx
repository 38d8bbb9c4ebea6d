/** One input with its label, hint and error, tied together for screen readers. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Icon } from './icons.tsx';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly testId: string;
  readonly type?: 'text' | 'email' | 'password';
  readonly autocomplete?: 'username' | 'email' | 'name' | 'current-password' | 'new-password';
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly required?: boolean;
  readonly lines?: number;
  readonly placeholder?: string;
}

export function Field(props: FieldProps): JSX.Element {
  const id = useId();
  const [shown, setShown] = useState(false);
  const note = props.error ?? props.hint;
  const secret = props.type === 'password';
  const common = {
    id,
    value: props.value,
    required: props.required ?? false,
    placeholder: props.placeholder ?? '',
    'aria-invalid': props.error !== undefined,
    'aria-describedby': note === undefined ? undefined : `${id}-note`,
    'data-testid': props.testId,
    ...(props.maxLength === undefined ? {} : { maxLength: props.maxLength }),
  };
  // The element's type is a union by `type`, which a variable cannot choose from.
  const typed = { type: secret && shown ? 'text' : (props.type ?? 'text') } as { type: 'text' };
  return (
    <div class={props.error === undefined ? 'field' : 'field field-wrong'}>
      <label for={id}>{props.label}</label>
      {props.lines === undefined ? (
        <span class="field-input">
          <input
            {...common}
            {...typed}
            autocomplete={props.autocomplete ?? 'off'}
            autocapitalize="none"
            spellcheck={false}
            {...(props.minLength === undefined ? {} : { minLength: props.minLength })}
            {...(props.pattern === undefined ? {} : { pattern: props.pattern })}
            onInput={(event) => props.onInput(event.currentTarget.value)}
          />
          {secret && (
            <button
              type="button"
              class="icon-button"
              aria-label="Show the password"
              aria-pressed={shown}
              onClick={() => setShown(!shown)}
            >
              <Icon name="eye" />
            </button>
          )}
        </span>
      ) : (
        <textarea {...common} rows={props.lines} onInput={(event) => props.onInput(event.currentTarget.value)} />
      )}
      {note !== undefined && (
        <span id={`${id}-note`} class="field-note" role={props.error === undefined ? undefined : 'alert'}>
          {note}
        </span>
      )}
    </div>
  );
}
