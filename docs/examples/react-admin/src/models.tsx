import { Tab, Tabs } from '@mui/material';
import { useState } from 'react';
import {
  AutocompleteArrayInput,
  BulkDeleteButton,
  Create,
  DataTable,
  DateField,
  Edit,
  List,
  NumberInput,
  ReferenceArrayInput,
  required,
  SearchInput,
  SelectInput,
  SimpleForm,
  TextArrayInput,
  TextInput,
  useNotify,
  useRedirect,
} from 'react-admin';
import { TagsField } from './fields';
import { client } from './tandem';
import { FolderUpload, uploadedFolder } from './upload';

export const ModelList = () => (
  <List filters={[<SearchInput key="q" source="q" alwaysOn />]} sort={{ field: 'createdAt', order: 'DESC' }}>
    <DataTable rowClick="edit" bulkActionButtons={<BulkDeleteButton mutationMode="pessimistic" />}>
      <DataTable.Col source="name" />
      <DataTable.Col source="family" disableSort />
      <DataTable.NumberCol source="parameters" disableSort />
      <DataTable.NumberCol source="dimension" disableSort />
      <DataTable.Col source="tags" disableSort>
        <TagsField source="tags" />
      </DataTable.Col>
      <DataTable.Col source="createdAt">
        <DateField source="createdAt" showTime />
      </DataTable.Col>
    </DataTable>
  </List>
);

export const ModelEdit = () => (
  <Edit mutationMode="pessimistic">
    <SimpleForm>
      <TextInput source="name" validate={required()} />
      <TextInput source="notes" multiline fullWidth />
      <TextArrayInput source="tags" />
    </SimpleForm>
  </Edit>
);

/** Ways to a model: random weights, a folder of this computer or of the server, a repository of a Hugging Face hub. */
const ways = ['From scratch', 'From this computer', 'From a folder', 'From a hub'];

export const ModelCreate = () => {
  const [way, setWay] = useState(0);
  const [notify, redirect] = [useNotify(), useRedirect()];
  const meta = { mutation: way === 0 ? 'createModel' : 'importModel' };
  /** The server has the model now, and needs the files no longer that it was read from. */
  function onSuccess(_model: unknown, { data }: { data?: { source?: { folder?: string } } }): void {
    const folder = uploadedFolder(data?.source?.folder ?? '');
    if (folder) client.deleteUpload(folder).catch((error: Error) => notify(error.message, { type: 'warning' }));
    notify('ra.notification.created', { messageArgs: { smart_count: 1 } });
    redirect('list', 'models');
  }
  return (
    <Create title="Make a model" mutationOptions={{ meta, onSuccess }}>
      <Tabs value={way} onChange={(_, chosen: number) => setWay(chosen)}>
        {ways.map((label) => (
          <Tab key={label} label={label} />
        ))}
      </Tabs>
      {[Scratch, Computer, Folder, Hub].map((Form, index) => index === way && <Form key={ways[index]} />)}
    </Create>
  );
};

const tiny = { layers: 1, width: 32, heads: 2, innerWidth: 64, maxPositions: 64 };

const Scratch = () => (
  <SimpleForm defaultValues={{ family: 'BERT', vocabularySize: 1000, maxLength: 48, architecture: tiny }}>
    <TextInput source="name" validate={required()} />
    <SelectInput source="family" choices={['BERT', 'MODERNBERT', 'LLAMA', 'QWEN3'].map((id) => ({ id, name: id }))} />
    <ReferenceArrayInput source="vocabularyFrom" reference="datasets">
      <AutocompleteArrayInput validate={required()} label="Vocabulary from the texts of" />
    </ReferenceArrayInput>
    <NumberInput source="vocabularySize" />
    <NumberInput source="maxLength" label="Longest text in tokens" />
    <NumberInput source="architecture.layers" label="Layers" />
    <NumberInput source="architecture.width" label="Width" />
    <NumberInput source="architecture.heads" label="Attention heads" />
    <NumberInput source="architecture.innerWidth" label="Inner width" />
  </SimpleForm>
);

const Computer = () => (
  <SimpleForm>
    <TextInput source="name" validate={required()} />
    <FolderUpload />
  </SimpleForm>
);

const Folder = () => (
  <SimpleForm>
    <TextInput source="name" validate={required()} />
    <TextInput
      source="source.folder"
      label="Folder in the import folder of the server"
      validate={required()}
      fullWidth
    />
  </SimpleForm>
);

const Hub = () => (
  <SimpleForm defaultValues={{ source: { hub: { revision: 'main' } } }}>
    <TextInput source="name" validate={required()} />
    <TextInput source="source.hub.repository" label="Repository" validate={required()} fullWidth />
    <TextInput source="source.hub.revision" label="Revision" />
  </SimpleForm>
);
