import { Admin, CustomRoutes, Resource } from 'react-admin';
import { Route } from 'react-router-dom';
import { CollectionEdit, CollectionList } from './collections';
import { DatasetCreate, DatasetList } from './datasets';
import { AppLayout, icons } from './layout';
import { LeaderboardPage } from './leaderboard';
import { LoginPage } from './login';
import { ModelCreate, ModelEdit, ModelList } from './models';
import { RunCreate, RunEdit, RunList, RunShow } from './runs';
import { SearchPage } from './search';
import { authProvider, dataProvider } from './tandem';

export const App = () => (
  <Admin
    title="Tandem"
    dataProvider={dataProvider}
    authProvider={authProvider}
    loginPage={LoginPage}
    layout={AppLayout}
    disableTelemetry
    requireAuth
  >
    <Resource
      name="runs"
      icon={icons.runs}
      list={RunList}
      show={RunShow}
      create={RunCreate}
      edit={RunEdit}
      recordRepresentation="name"
    />
    <Resource
      name="models"
      icon={icons.models}
      list={ModelList}
      create={ModelCreate}
      edit={ModelEdit}
      recordRepresentation="name"
    />
    <Resource
      name="datasets"
      options={{ label: 'Data sets' }}
      icon={icons.datasets}
      list={DatasetList}
      create={DatasetCreate}
      recordRepresentation="name"
    />
    <Resource
      name="collections"
      icon={icons.collections}
      list={CollectionList}
      edit={CollectionEdit}
      recordRepresentation="name"
    />
    <Resource name="checkpoints" recordRepresentation={({ alias, step }) => alias ?? `step ${step}`} />
    <CustomRoutes>
      <Route path="/leaderboard" element={<LeaderboardPage />} />
      <Route path="/search" element={<SearchPage />} />
    </CustomRoutes>
  </Admin>
);
