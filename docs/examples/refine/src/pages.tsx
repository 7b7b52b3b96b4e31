interface PagesProps {
  readonly currentPage: number;
  readonly pageCount: number;
  readonly total: number;
  setCurrentPage(page: number): void;
}

export const Pages = ({ currentPage, pageCount, total, setCurrentPage }: PagesProps) => (
  <footer>
    <button type="button" disabled={currentPage <= 1} onClick={() => setCurrentPage(currentPage - 1)}>
      Previous
    </button>
    <span>{total === 0 ? 'Nothing found' : `Page ${currentPage} of ${pageCount}, ${total} in all`}</span>
    <button type="button" disabled={currentPage >= pageCount} onClick={() => setCurrentPage(currentPage + 1)}>
      Next
    </button>
  </footer>
);
