import {
  BulkDeleteButton,
  DataTable,
  DateField,
  DeleteButton,
  Edit,
  List,
  ReferenceField,
  required,
  SaveButton,
  SearchInput,
  SimpleForm,
  TextArrayInput,
  TextInput,
  Toolbar,
} from 'react-admin';
import { TagsField } from './fields';

export const CollectionList = () => (
  <List filters={[<SearchInput key="q" source="q" alwaysOn />]} sort={{ field: 'createdAt', order: 'DESC' }}>
    <DataTable rowClick="edit" bulkActionButtons={<BulkDeleteButton mutationMode="pessimistic" />}>
      <DataTable.Col source="name" />
      <DataTable.Col source="checkpoint" disableSort>
        <ReferenceField source="checkpoint.id" reference="checkpoints" link={false} />
      </DataTable.Col>
      <DataTable.NumberCol source="dimension" disableSort />
      <DataTable.Col source="notes" disableSort />
      <DataTable.Col source="tags" disableSort>
        <TagsField source="tags" />
      </DataTable.Col>
      <DataTable.Col source="createdAt">
        <DateField source="createdAt" showTime />
      </DataTable.Col>
    </DataTable>
  </List>
);

const Actions = () => (
  <Toolbar sx={{ justifyContent: 'space-between' }}>
    <SaveButton />
    <DeleteButton mutationMode="pessimistic" />
  </Toolbar>
);

export const CollectionEdit = () => (
  <Edit mutationMode="pessimistic">
    <SimpleForm toolbar={<Actions />}>
      <TextInput source="name" validate={required()} />
      <TextInput source="notes" multiline fullWidth />
      <TextArrayInput source="tags" />
    </SimpleForm>
  </Edit>
);
