import {
  Create,
  DataTable,
  DateField,
  FileField,
  FileInput,
  List,
  NumberInput,
  required,
  SearchInput,
  SimpleForm,
  TextInput,
} from 'react-admin';

export const DatasetList = () => (
  <List filters={[<SearchInput key="q" source="q" alwaysOn />]} sort={{ field: 'createdAt', order: 'DESC' }}>
    <DataTable rowClick={false}>
      <DataTable.Col source="name" />
      <DataTable.NumberCol source="version" disableSort />
      <DataTable.Col source="task" disableSort />
      <DataTable.Col source="splits" disableSort render={(row) => splitsText(row['splits'])} />
      <DataTable.NumberCol source="bytes" />
      <DataTable.Col source="createdAt">
        <DateField source="createdAt" showTime />
      </DataTable.Col>
    </DataTable>
  </List>
);

const splitsText = (splits: readonly { split: string; records: number }[] = []) =>
  splits.map(({ split, records }) => `${split.toLowerCase()} ${records}`).join(', ');

/** A file with one record of the API a line becomes the records of the input. */
async function toInput({ file, ...rest }: { file?: { rawFile: File } }) {
  const lines = ((await file?.rawFile.text()) ?? '').split('\n').filter((line) => line.trim() !== '');
  return { ...rest, source: { records: lines.map((line) => JSON.parse(line) as unknown) } };
}

export const DatasetCreate = () => (
  <Create redirect="list" transform={toInput}>
    <SimpleForm defaultValues={{ scaleLow: 0, scaleHigh: 1 }}>
      <TextInput source="name" validate={required()} />
      <NumberInput source="scaleLow" label="Lowest grade" />
      <NumberInput source="scaleHigh" label="Highest grade" />
      <FileInput source="file" label="Records, one JSON object a line" validate={required()}>
        <FileField source="src" title="title" />
      </FileInput>
    </SimpleForm>
  </Create>
);
