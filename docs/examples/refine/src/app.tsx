import { Authenticated, Refine, useGetIdentity, useLogout } from '@refinedev/core';
import routerProvider from '@refinedev/react-router';
import { BrowserRouter, Link, Navigate, Outlet, Route, Routes } from 'react-router';
import { Collections } from './collections';
import { Login } from './login';
import { RecordEdit } from './record-edit';
import { Runs } from './runs';
import './style.css';
import { authProvider, dataProvider, liveProvider } from './tandem';

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
      authProvider={authProvider}
      resources={resources}
      options={{ liveMode: 'auto', disableTelemetry: true }}
    >
      <Routes>
        <Route
          element={
            <Authenticated key="pages" fallback={<Navigate to="/login" />}>
              <Page />
            </Authenticated>
          }
        >
          <Route index element={<Navigate to="/runs" />} />
          <Route path="/runs" element={<Runs />} />
          <Route path="/runs/:id" element={<RecordEdit resource="runs" />} />
          <Route path="/collections" element={<Collections />} />
          <Route path="/collections/:id" element={<RecordEdit resource="collections" />} />
        </Route>
        <Route path="/login" element={<Login />} />
      </Routes>
    </Refine>
  </BrowserRouter>
);

const Page = () => {
  const { data: identity } = useGetIdentity<{ name: string }>();
  const { mutate: logout } = useLogout();
  return (
    <>
      <nav>
        <strong>Tandem</strong>
        <Link to="/runs">Runs</Link>
        <Link to="/collections">Collections</Link>
        <span className="caller">{identity?.name}</span>
        <button type="button" onClick={() => logout()}>
          Sign out
        </button>
      </nav>
      <main>
        <Outlet />
      </main>
    </>
  );
};
