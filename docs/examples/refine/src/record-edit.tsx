import { type BaseRecord, type HttpError, useForm } from '@refinedev/core';
import type { FormEvent } from 'react';

interface Named extends BaseRecord {
  readonly name: string;
  readonly notes: string;
  readonly tags: readonly string[];
  readonly updatedAt: string;
}

interface Values {
  readonly name: string;
  readonly notes: string;
  readonly tags: readonly string[];
  /** The update is refused where somebody else changed the record since this time. */
  readonly updatedAt: string | undefined;
}

/** Name, notes and tags of a record, of whichever resource. */
export const RecordEdit = ({ resource }: { readonly resource: string }) => {
  const { onFinish, mutation, query } = useForm<Named, HttpError, Values>({
    resource,
    action: 'edit',
    redirect: 'list',
    liveMode: 'off',
  });
  const record = query?.data?.data;
  const errors = mutation.error?.errors ?? {};
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const tags = String(form.get('tags')).split(',');
    void onFinish({
      name: String(form.get('name')),
      notes: String(form.get('notes')),
      tags: tags.map((tag) => tag.trim()).filter((tag) => tag !== ''),
      updatedAt: record?.updatedAt,
    }).catch(() => undefined);
  };
  if (!record) return <p>{query?.error?.message ?? 'Loading'}</p>;
  return (
    <form onSubmit={submit} className="edit">
      <h1>{record.name}</h1>
      <label>
        Name
        <input name="name" defaultValue={record.name} />
        {errors['name'] && <span role="alert">{String(errors['name'])}</span>}
      </label>
      <label>
        Notes
        <textarea name="notes" rows={4} defaultValue={record.notes} />
        {errors['notes'] && <span role="alert">{String(errors['notes'])}</span>}
      </label>
      <label>
        Tags
        <input name="tags" defaultValue={record.tags.join(', ')} />
        {errors['tags'] && <span role="alert">{String(errors['tags'])}</span>}
      </label>
      {mutation.error && Object.keys(errors).length === 0 && <p role="alert">{mutation.error.message}</p>}
      <button type="submit">Save</button>
    </form>
  );
};
