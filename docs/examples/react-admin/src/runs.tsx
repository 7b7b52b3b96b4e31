import { Alert, Stack, Typography } from '@mui/material';
import {
  AutocompleteArrayInput,
  AutocompleteInput,
  BulkDeleteButton,
  Create,
  CreateButton,
  DataTable,
  DateField,
  Edit,
  FilterButton,
  Labeled,
  List,
  NumberField,
  NumberInput,
  Pagination,
  ReferenceArrayInput,
  ReferenceField,
  ReferenceInput,
  ReferenceManyField,
  required,
  SearchInput,
  SelectArrayInput,
  Show,
  SimpleForm,
  TextArrayInput,
  TextInput,
  TopToolbar,
  useRecordContext,
} from 'react-admin';
import { useLiveRecord } from 'tandem-react-admin';
import { bytesText, ProgressField, StateField, TagsField } from './fields';
import { LossChart } from './loss-chart';
import { feed } from './tandem';

const states = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'INTERRUPTED', 'FAILED', 'CANCELLED'];

const filters = [
  <SearchInput key="q" source="q" alwaysOn />,
  <SelectArrayInput key="state" source="state" choices={states.map((id) => ({ id, name: id }))} alwaysOn />,
  <ReferenceInput key="model" source="model" reference="models" />,
  <NumberInput key="step" source="step.gte" label="Step from" />,
];

const Actions = () => (
  <TopToolbar>
    <FilterButton />
    <CreateButton label="Train" />
  </TopToolbar>
);

export const RunList = () => (
  <List filters={filters} sort={{ field: 'createdAt', order: 'DESC' }} actions={<Actions />}>
    <DataTable rowClick="show" bulkActionButtons={<BulkDeleteButton mutationMode="pessimistic" />}>
      <DataTable.Col source="name" />
      <DataTable.Col source="state" disableSort>
        <StateField source="state" />
      </DataTable.Col>
      <DataTable.Col source="step" label="Progress">
        <ProgressField source="step" />
      </DataTable.Col>
      <DataTable.NumberCol source="loss" options={{ maximumFractionDigits: 4 }} />
      <DataTable.Col source="model" disableSort>
        <ReferenceField source="model.id" reference="models" link={false} />
      </DataTable.Col>
      <DataTable.Col source="tags" disableSort>
        <TagsField source="tags" />
      </DataTable.Col>
      <DataTable.Col source="createdAt">
        <DateField source="createdAt" showTime />
      </DataTable.Col>
    </DataTable>
  </List>
);

/** What is known of a run, and its loss; read again whenever it changes. */
const RunDetails = () => {
  const record = useRecordContext();
  useLiveRecord(feed, 'runs', record?.id);
  if (!record) return null;
  return (
    <Stack spacing={3} sx={{ p: 2 }}>
      <Stack direction="row" spacing={5} useFlexGap sx={{ flexWrap: 'wrap' }}>
        <Labeled label="State">
          <StateField source="state" />
        </Labeled>
        <Labeled label="Updates">
          <ProgressField source="step" />
        </Labeled>
        <Labeled label="Loss">
          <NumberField source="loss" emptyText="none yet" options={{ maximumFractionDigits: 4 }} />
        </Labeled>
        <Labeled label="Model">
          <ReferenceField source="model.id" reference="models" />
        </Labeled>
        <Labeled label="Created at">
          <DateField source="createdAt" showTime />
        </Labeled>
      </Stack>
      {record['error'] && <Alert severity="error">{record['error'].message}</Alert>}
      {record['notes'] && <Typography>{record['notes']}</Typography>}
      <Labeled label="Loss of each update" fullWidth>
        <LossChart run={String(record.id)} />
      </Labeled>
      <Checkpoints />
    </Stack>
  );
};

const Checkpoints = () => (
  <Labeled label="Checkpoints" fullWidth>
    <ReferenceManyField
      reference="checkpoints"
      target="run"
      sort={{ field: 'step', order: 'DESC' }}
      perPage={10}
      pagination={<Pagination />}
    >
      <DataTable bulkActionButtons={false} rowClick={false} empty={<Typography>None yet.</Typography>}>
        <DataTable.Col source="step" disableSort />
        <DataTable.Col source="reason" label="Kept because" disableSort />
        <DataTable.Col source="alias" disableSort />
        <DataTable.Col
          source="bytes"
          label="Size"
          align="right"
          disableSort
          render={(row) => bytesText(row['bytes'])}
        />
      </DataTable>
    </ReferenceManyField>
  </Labeled>
);

export const RunShow = () => (
  <Show>
    <RunDetails />
  </Show>
);

export const RunEdit = () => (
  <Edit mutationMode="pessimistic">
    <SimpleForm>
      <TextInput source="name" validate={required()} />
      <TextInput source="notes" multiline fullWidth />
      <TextArrayInput source="tags" />
    </SimpleForm>
  </Edit>
);

/** The ids that the form holds become the input of startRun. */
const toInput = ({ datasets, ...rest }: { datasets?: readonly string[] }) => ({
  ...rest,
  datasets: (datasets ?? []).map((dataset) => ({ dataset })),
});

/** Sizes for little data; the API has those of the paper. */
const settings = { epochs: 4, irBatchSize: 8, stsBatchSize: 8, optimizer: { learningRate: 0.0005 } };

export const RunCreate = () => (
  <Create title="Train a model" redirect="show" transform={toInput}>
    <SimpleForm defaultValues={{ settings }}>
      <TextInput source="name" validate={required()} />
      <ReferenceInput source="model" reference="models">
        <AutocompleteInput validate={required()} />
      </ReferenceInput>
      <ReferenceArrayInput source="datasets" reference="datasets">
        <AutocompleteArrayInput label="Data sets" validate={required()} />
      </ReferenceArrayInput>
      <NumberInput source="settings.epochs" label="Epochs" />
      <NumberInput source="settings.irBatchSize" label="Queries in a batch (IR)" />
      <NumberInput source="settings.stsBatchSize" label="Pairs in a batch (STS)" />
      <NumberInput source="settings.optimizer.learningRate" label="Learning rate" />
    </SimpleForm>
  </Create>
);
