/** A post on its way: how much has been sent, or what went wrong and what to do. */
import type { JSX } from 'preact';
import { useApp } from '../app.ts';
import type { Publication } from '../state/publishing.ts';
import { sentence } from '../state/toasts.ts';

export function PublicationCard({ publication }: { publication: Publication }): JSX.Element {
  const { publishing } = useApp().session.value;
  const { key, state, sent, photos } = publication;
  const percent = Math.round(sent * 100);
  return (
    <section
      class={`publication publication-${state.kind}`}
      aria-label="Post on its way"
      data-testid="publication"
      data-state={state.kind}
    >
      {photos[0] !== undefined && <img class="publication-preview" src={photos[0].previewUrl} alt="" />}
      <div class="publication-body">
        {state.kind === 'failed' ? (
          <>
            <p role="alert">{sentence(state.problem)}</p>
            <p class="publication-actions">
              {state.problem.retryable && (
                <button type="button" class="button button-small" onClick={() => publishing.retry(key)}>
                  Try again
                </button>
              )}
              <button type="button" class="button button-quiet button-small" onClick={() => publishing.dismiss(key)}>
                Discard
              </button>
            </p>
          </>
        ) : (
          <>
            <p aria-live="polite">{state.kind === 'sending' ? `Sending… ${percent} %` : 'Almost there…'}</p>
            <progress
              class="progress"
              max={100}
              value={state.kind === 'sending' ? percent : undefined}
              aria-label="Upload"
              data-testid="upload-progress"
            />
          </>
        )}
      </div>
    </section>
  );
}
