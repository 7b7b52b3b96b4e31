import DatasetIcon from '@mui/icons-material/Dataset';
import EmojiEventsIcon from '@mui/icons-material/EmojiEvents';
import HubIcon from '@mui/icons-material/Hub';
import LibraryBooksIcon from '@mui/icons-material/LibraryBooks';
import SearchIcon from '@mui/icons-material/Search';
import TimelineIcon from '@mui/icons-material/Timeline';
import { Layout, type LayoutProps, Menu } from 'react-admin';
import { useLive } from 'tandem-react-admin';
import { feed } from './tandem';

const AppMenu = () => (
  <Menu>
    <Menu.ResourceItem name="runs" />
    <Menu.Item to="/leaderboard" primaryText="Leaderboard" leftIcon={<EmojiEventsIcon />} />
    <Menu.Item to="/search" primaryText="Search" leftIcon={<SearchIcon />} />
    <Menu.ResourceItem name="models" />
    <Menu.ResourceItem name="datasets" />
    <Menu.ResourceItem name="collections" />
  </Menu>
);

/** Everything that a page lists is read again when it changes on the server. */
const live = ['runs', 'models', 'datasets', 'collections', 'checkpoints', 'evaluations'];

export const AppLayout = (props: LayoutProps) => {
  useLive(feed, live);
  return <Layout {...props} menu={AppMenu} />;
};

export const icons = { runs: TimelineIcon, models: HubIcon, datasets: DatasetIcon, collections: LibraryBooksIcon };
