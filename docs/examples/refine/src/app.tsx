import { Refine } from '@refinedev/core';
import routerProvider from '@refinedev/react-router';
import { BrowserRouter, Link, Navigate, Outlet, Route, Routes } from 'react-router';
import { Collections } from './collections';
import { RecordEdit } from './record-edit';
import { Runs } from './runs';
import './style.css';
import { dataProvider, liveProvider } from './tandem';

const resources = [
  { name: 'runs', list: '/runs', edit: '/runs/:id' },
  { name: 'collections', list: '/collections', edit: '/collections/:id' },
];

export const App = () => (
  <BrowserRouter>
    <Refine
      routerProvider={routerProvider}
      dataProvider={dataProvider}
      liveProvider={liveProvider}
      resources={resources}
      options={{ liveMode: 'auto', disableTelemetry: true }}
    >
      <Routes>
        <Route element={<Page />}>
          <Route index element={<Navigate to="/runs" />} />
          <Route path="/runs" element={<Runs />} />
          <Route path="/runs/:id" element={<RecordEdit resource="runs" />} />
          <Route path="/collections" element={<Collections />} />
          <Route path="/collections/:id" element={<RecordEdit resource="collections" />} />
        </Route>
      </Routes>
    </Refine>
  </BrowserRouter>
);

const Page = () => (
  <>
    <nav>
      <strong>Tandem</strong>
      <Link to="/runs">Runs</Link>
      <Link to="/collections">Collections</Link>
    </nav>
    <main>
      <Outlet />
    </main>
  </>
);
