/** A new post: choose photos, see them, describe them, say something, share. Sending goes on in the background. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app.ts';
import { ACCEPTED_TYPES, fitting, PHOTOS_MAX } from '../parts/choose-photos.ts';
import { usePageTitle } from '../parts/hooks.ts';
import { Icon } from '../parts/icons.tsx';
import type { ChosenPhoto } from '../state/publishing.ts';

const CAPTION_MAX = 2200;
const ALT_TEXT_MAX = 1000;

export function NewPostPage(): JSX.Element {
  const app = useApp();
  const heading = usePageTitle('New post');
  const [photos, setPhotos] = useState<readonly ChosenPhoto[]>([]);
  const [caption, setCaption] = useState('');
  const kept = useRef<readonly ChosenPhoto[]>([]);
  const shared = useRef(false);
  kept.current = photos;
  useEffect(
    () => () => {
      if (shared.current) return;
      for (const photo of kept.current) URL.revokeObjectURL(photo.previewUrl);
    },
    [],
  );
  const choose = async (files: readonly File[]): Promise<void> => {
    if (files.length > PHOTOS_MAX - kept.current.length) app.toasts.info(`A post holds up to ${PHOTOS_MAX} photos.`);
    for (const file of files.slice(0, PHOTOS_MAX - kept.current.length)) {
      try {
        const bytes = await fitting(file);
        setPhotos((held) => [...held, { bytes, previewUrl: URL.createObjectURL(bytes), altText: '' }]);
      } catch {
        app.toasts.info(`“${file.name}” is not a photo we can show. Choose a JPEG, PNG, WebP, AVIF or GIF.`);
      }
    }
  };
  const share = (event: Event): void => {
    event.preventDefault();
    if (photos.length === 0) return;
    shared.current = true;
    app.session.value.publishing.start(caption.trim(), photos);
    app.router.go('/');
  };
  return (
    <div class="column">
      <div class="page-head">
        <button type="button" class="icon-button" aria-label="Back" onClick={() => app.router.back('/')}>
          <Icon name="close" />
        </button>
        <h1 ref={heading} tabIndex={-1}>
          New post
        </h1>
      </div>
      <form class="form new-post" onSubmit={share}>
        <PhotoPicker photos={photos} onChoose={(files) => void choose(files)} onChange={setPhotos} />
        <div class="field">
          <label for="caption">Caption</label>
          <textarea
            id="caption"
            rows={4}
            maxLength={CAPTION_MAX}
            placeholder="What is there to see?"
            value={caption}
            onInput={(event) => setCaption(event.currentTarget.value)}
            data-testid="caption-input"
          />
          <span class="field-note field-count">
            {caption.length > CAPTION_MAX - 200 ? `${CAPTION_MAX - caption.length} left` : ''}
          </span>
        </div>
        <button type="submit" class="button button-wide" disabled={photos.length === 0} data-testid="share">
          Share
        </button>
      </form>
    </div>
  );
}

interface PhotoPickerProps {
  readonly photos: readonly ChosenPhoto[];
  readonly onChoose: (files: readonly File[]) => void;
  readonly onChange: (photos: readonly ChosenPhoto[]) => void;
}

function PhotoPicker({ photos, onChoose, onChange }: PhotoPickerProps): JSX.Element {
  const [over, setOver] = useState(false);
  const dropped = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    onChoose([...(event.dataTransfer?.files ?? [])]);
  };
  const remove = (photo: ChosenPhoto): void => {
    URL.revokeObjectURL(photo.previewUrl);
    onChange(photos.filter((one) => one !== photo));
  };
  return (
    <div
      class={over ? 'picker picker-over' : 'picker'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      {photos.map((photo, index) => (
        <PickedPhoto
          key={photo.previewUrl}
          photo={photo}
          number={index + 1}
          onRemove={() => remove(photo)}
          onDescribe={(altText) => onChange(photos.map((one) => (one === photo ? { ...photo, altText } : one)))}
        />
      ))}
      {photos.length < PHOTOS_MAX && (
        <label class={photos.length === 0 ? 'picker-drop' : 'picker-drop picker-more'}>
          <input
            type="file"
            class="unseen"
            accept={ACCEPTED_TYPES}
            multiple
            onChange={(event) => {
              onChoose([...(event.currentTarget.files ?? [])]);
              event.currentTarget.value = '';
            }}
            data-testid="photo-input"
          />
          <Icon name={photos.length === 0 ? 'camera' : 'add'} />
          <span>{photos.length === 0 ? 'Choose photos, or drop them here' : 'Add another photo'}</span>
        </label>
      )}
    </div>
  );
}

interface PickedPhotoProps {
  readonly photo: ChosenPhoto;
  readonly number: number;
  readonly onRemove: () => void;
  readonly onDescribe: (altText: string) => void;
}

function PickedPhoto({ photo, number, onRemove, onDescribe }: PickedPhotoProps): JSX.Element {
  return (
    <figure class="picked">
      <span class="picked-frame">
        <img
          src={photo.previewUrl}
          alt={photo.altText === '' ? `Photo ${number}` : photo.altText}
          data-testid="preview"
        />
        <button type="button" class="picked-remove" aria-label={`Remove photo ${number}`} onClick={onRemove}>
          <Icon name="close" />
        </button>
      </span>
      <figcaption>
        <input
          type="text"
          maxLength={ALT_TEXT_MAX}
          placeholder="Describe it for people who cannot see it"
          aria-label={`Description of photo ${number}`}
          value={photo.altText}
          onInput={(event) => onDescribe(event.currentTarget.value)}
          data-testid="alt-text"
        />
      </figcaption>
    </figure>
  );
}
