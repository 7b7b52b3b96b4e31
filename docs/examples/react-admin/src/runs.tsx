import { Card, CardContent, Typography } from '@mui/material';
import {
  AutocompleteArrayInput,
  Create,
  CreateButton,
  DataTable,
  DateField,
  Edit,
  FilterButton,
  List,
  NumberField,
  NumberInput,
  ReferenceArrayInput,
  ReferenceField,
  ReferenceInput,
  ReferenceManyField,
  required,
  SearchInput,
  SelectArrayInput,
  Show,
  SimpleForm,
  SimpleShowLayout,
  TextArrayInput,
  TextField,
  TextInput,
  TopToolbar,
  useRecordContext,
} from 'react-admin';
import { useLiveRecord } from 'tandem-react-admin';
import { ProgressField, StateField, TagsField } from './fields';
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
    <DataTable rowClick="show">
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

/** Reads the run again whenever it changes. */
const Live = () => {
  const record = useRecordContext();
  useLiveRecord(feed, 'runs', record?.id);
  return record ? <LossChart run={String(record.id)} /> : null;
};

export const RunShow = () => (
  <Show>
    <SimpleShowLayout>
      <TextField source="name" variant="h6" />
      <StateField source="state" />
      <ProgressField source="step" />
      <NumberField source="loss" options={{ maximumFractionDigits: 4 }} />
      <Card variant="outlined">
        <CardContent>
          <Typography variant="subtitle2">Loss</Typography>
          <Live />
        </CardContent>
      </Card>
      <TextField source="notes" emptyText="-" />
      <TextField source="error.message" label="Error" emptyText="-" />
      <ReferenceManyField
        reference="checkpoints"
        target="run"
        sort={{ field: 'step', order: 'DESC' }}
        label="Checkpoints"
      >
        <DataTable bulkActionButtons={false} rowClick={false}>
          <DataTable.NumberCol source="step" disableSort />
          <DataTable.Col source="reason" disableSort />
          <DataTable.Col source="alias" disableSort />
        </DataTable>
      </ReferenceManyField>
    </SimpleShowLayout>
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

export const RunCreate = () => (
  <Create redirect="show" transform={toInput}>
    <SimpleForm defaultValues={{ settings: { epochs: 4, irBatchSize: 8, stsBatchSize: 8 } }}>
      <TextInput source="name" validate={required()} />
      <ReferenceInput source="model" reference="models" />
      <ReferenceArrayInput source="datasets" reference="datasets">
        <AutocompleteArrayInput validate={required()} />
      </ReferenceArrayInput>
      <NumberInput source="settings.epochs" label="Epochs" />
      <NumberInput source="settings.irBatchSize" label="Batch size, IR" />
      <NumberInput source="settings.stsBatchSize" label="Batch size, STS" />
    </SimpleForm>
  </Create>
);
