import {
  BulkDeleteButton,
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
import { bytesText } from './fields';

export const DatasetList = () => (
  <List filters={[<SearchInput key="q" source="q" alwaysOn />]} sort={{ field: 'createdAt', order: 'DESC' }}>
    <DataTable rowClick={false} bulkActionButtons={<BulkDeleteButton mutationMode="pessimistic" />}>
      <DataTable.Col source="name" />
      <DataTable.NumberCol source="version" disableSort />
      <DataTable.Col source="task" disableSort />
      <DataTable.Col source="splits" label="Records" disableSort render={(row) => splitsText(row['splits'])} />
      <DataTable.Col source="bytes" label="Size" align="right" render={(row) => bytesText(row['bytes'])} />
      <DataTable.Col source="createdAt">
        <DateField source="createdAt" showTime />
      </DataTable.Col>
    </DataTable>
  </List>
);

const splitsText = (splits: readonly { split: string; records: number }[] = []) =>
  splits.flatMap(({ split, records }) => (records > 0 ? `${records} ${split.toLowerCase()}` : [])).join(', ');

/** A line of a file: a record as the API takes them. */
const example = '{"task":"STS","split":"TRAIN","query":{"text":"a"},"positives":[{"text":{"text":"b"},"score":0.5}]}';

/** A file with one record of the API a line becomes the records of the input. */
async function toInput({ file, ...rest }: { file?: { rawFile: File } }) {
  const lines = ((await file?.rawFile.text()) ?? '').split('\n').filter((line) => line.trim() !== '');
  return { ...rest, source: { records: lines.map((line) => JSON.parse(line) as unknown) } };
}

export const DatasetCreate = () => (
  <Create title="Import a data set" redirect="list" transform={toInput}>
    <SimpleForm defaultValues={{ scaleLow: 0, scaleHigh: 1 }}>
      <TextInput source="name" validate={required()} />
      <NumberInput source="scaleLow" label="Lowest grade of a pair" />
      <NumberInput source="scaleHigh" label="Highest grade of a pair" />
      <FileInput source="file" label="Records, one JSON object a line" helperText={example} validate={required()}>
        <FileField source="src" title="title" />
      </FileInput>
    </SimpleForm>
  </Create>
);
