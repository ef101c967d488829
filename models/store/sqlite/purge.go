package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/pacing"
)

// Bounds of a purge's steps: pages of the search index that are merged, pages of the
// file that are read and that are written in one transaction.
const (
	maxMergePages = 2000
	maxReadPages  = 256
	maxCleanPages = 256
)

// The write-ahead log may grow to maxPurgeLog while a purge runs. A reader that keeps
// it from being emptied is waited for, each attempt holding the write lock for
// logAttempt at most.
const (
	maxPurgeLog   = 64 << 20
	logAttempt    = 20 * time.Millisecond
	logPatience   = 20 * time.Second
	logRetryAfter = 100 * time.Millisecond
)

// Purge removes from the files what deleted rows leave there. Rows themselves are
// overwritten when they are deleted (secure_delete); what else there is:
//   - the search index has the words of deleted sessions until the segments that
//     existed then are merged,
//   - pages that were split or joined have copies of cells between their cells,
//   - the write-ahead log has earlier states of pages until it is emptied.
//
// All of it goes in short transactions, in memory that does not grow with the file.
func (d *Database) Purge(ctx context.Context, shown dialect.Progress) (err error) {
	p := &purge{db: d, shown: shown}
	defer func() {
		if err != nil && ctx.Err() == nil { // the disk may be full of it
			_ = p.emptyLog(ctx, 0)
		}
	}()
	var indexes []string
	err = d.pools.Read.WithContext(ctx).Raw("SELECT name FROM sqlite_master t WHERE type = 'table'" +
		" AND sql LIKE 'CREATE VIRTUAL TABLE %'" +
		" AND EXISTS (SELECT 1 FROM sqlite_master WHERE name = t.name || '_idx')").Scan(&indexes).Error
	if err != nil {
		return fmt.Errorf("list search indexes: %w", err)
	}

	for _, index := range indexes {
		if err := p.mergeIndex(ctx, index); err != nil {
			return fmt.Errorf("merge search index: %w", err)
		}
	}
	if err := p.cleanPages(ctx); err != nil {
		return fmt.Errorf("clean pages: %w", err)
	}
	if err := p.emptyLog(ctx, logPatience); err != nil {
		return fmt.Errorf("empty the write-ahead log: %w", err)
	}
	return nil
}

type purge struct {
	db    *Database
	shown dialect.Progress
}

// step runs a transaction on so many pages and then pauses.
func (p *purge) step(ctx context.Context, size *pacing.Batch, pages int, work func(tx *gorm.DB) error) error {
	var held time.Duration
	err := dialect.RetryUnavailable(ctx, func() error {
		var began time.Time
		defer func() { held = time.Since(began) }()
		return p.db.pools.Write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			began = time.Now()
			return work(tx)
		})
	})
	if err != nil {
		return err
	}
	size.Adapt(pages, held)
	if err := pacing.LeaveLock(ctx, held); err != nil {
		return err
	}
	return p.boundLog(ctx)
}

// mergeIndex merges the segments that an FTS5 index has now into one, which holds
// nothing of deleted rows. Segments that others add meanwhile are left to them.
func (p *purge) mergeIndex(ctx context.Context, table string) error {
	size := &pacing.Batch{Size: 16, Most: maxMergePages}
	if err := p.mergeByTwo(ctx, table); err != nil {
		return err
	}

	var old map[ftsSegment]int // pages of the segments that have to go
	total := 0
	for begin := true; ; {
		worked, left := false, 0
		err := p.step(ctx, size, size.Size, func(tx *gorm.DB) error {
			pages := size.Size
			if begin { // of all segments; without a sign FTS5 goes on with a merge
				pages = -pages
			}
			before, err := ftsSegments(tx, table)
			if err != nil {
				return err
			}
			if old == nil {
				old = before
			}
			if worked, err = ftsMerge(tx, table, pages); err != nil {
				return err
			}
			after, err := ftsSegments(tx, table)
			for segment, pages := range after {
				if _, isOld := old[segment]; isOld {
					left += max(pages, 1)
				}
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case left == 0, begin && !worked:
			return nil
		}
		begin = !worked
		total = max(total, left)
		p.shown(total-left, total)
	}
}

// mergeByTwo has FTS5 go on with a merge also where few newer segments are there.
func (p *purge) mergeByTwo(ctx context.Context, table string) error {
	var least []int
	err := p.db.pools.Read.WithContext(ctx).Raw("SELECT v FROM " + table +
		"_config WHERE k = 'usermerge'").Scan(&least).Error
	if err != nil || len(least) == 1 && least[0] == 2 {
		return err
	}
	return dialect.RetryUnavailable(ctx, func() error {
		return p.db.pools.Write.WithContext(ctx).Exec("INSERT INTO " + table + " (" + table +
			", rank) VALUES ('usermerge', 2)").Error
	})
}

// ftsMerge writes about so many pages of a merge and reports whether there was
// anything to merge.
func ftsMerge(tx *gorm.DB, table string, pages int) (worked bool, err error) {
	var before, after int64
	if err := tx.Raw("SELECT total_changes()").Scan(&before).Error; err != nil {
		return false, err
	}
	if err := tx.Exec("INSERT INTO "+table+" ("+table+", rank) VALUES ('merge', ?)", pages).Error; err != nil {
		return false, err
	}
	if err := tx.Raw("SELECT total_changes()").Scan(&after).Error; err != nil {
		return false, err
	}
	return after-before >= 2, nil // as FTS5 documents it
}

// ftsSegment names a segment of an FTS5 index: a number, which is used again, and
// its last page.
type ftsSegment struct{ number, last uint64 }

// ftsSegments are the segments of an index with the number of pages that each still has.
func ftsSegments(tx *gorm.DB, table string) (map[ftsSegment]int, error) {
	var record []byte
	if err := tx.Raw("SELECT block FROM " + table + "_data WHERE id = 10").Row().Scan(&record); err != nil {
		return nil, fmt.Errorf("read its structure: %w", err)
	}
	return parseFTSStructure(record)
}

var errFTSStructure = errors.New("the structure record of the search index is damaged")

// ftsStructureV2 begins the record of an index that keeps tombstones.
const ftsStructureV2 = 0xff000001

// parseFTSStructure reads an FTS5 structure record (fts5_index.c, "Structure record").
func parseFTSStructure(record []byte) (map[ftsSegment]int, error) {
	if len(record) < 4 {
		return nil, errFTSStructure
	}
	rest := record[4:] // behind the cookie
	perSegment := 3
	if len(rest) >= 4 && binary.BigEndian.Uint32(rest) == ftsStructureV2 {
		rest, perSegment = rest[4:], 8
	}
	next := func() (value uint64) {
		value, length := readVarint(rest)
		if length == 0 {
			rest = nil
			return 0
		}
		rest = rest[length:]
		return value
	}

	levels, _, _ := next(), next(), next() // and the numbers of segments and of writes
	segments := map[ftsSegment]int{}
	for range levels {
		_, count := next(), next() // of segments that are being merged, and of all
		if rest == nil {
			return nil, errFTSStructure
		}
		for range count {
			if rest == nil {
				return nil, errFTSStructure
			}
			var fields [8]uint64
			for i := range perSegment {
				fields[i] = next()
			}
			segments[ftsSegment{fields[0], fields[2]}] = int(fields[2]-fields[1]) + 1
		}
	}
	if rest == nil {
		return nil, errFTSStructure
	}
	return segments, nil
}

// cleanPages zeroes what no cell uses in all pages of the file. Pages are read
// without the write lock; only those that have something are written.
func (p *purge) cleanPages(ctx context.Context) error {
	read := p.db.pools.Read.WithContext(ctx)
	var file struct{ Pages, Size int64 }
	var reserved []byte
	err := read.Raw("SELECT (SELECT page_count FROM pragma_page_count) AS pages, (SELECT page_size" +
		" FROM pragma_page_size) AS size").Scan(&file).Error
	if err == nil {
		err = read.Raw("SELECT substr(data, 21, 1) FROM sqlite_dbpage WHERE pgno = 1").Row().Scan(&reserved)
	}
	if err != nil || len(reserved) != 1 {
		return errors.Join(errors.New("read the file's header"), err)
	}

	cleaner := newPageCleaner(int(file.Size) - int(reserved[0]))
	size := &pacing.Batch{Size: 16, Most: maxCleanPages}
	for first := int64(1); first <= file.Pages; first += maxReadPages {
		last := min(first+maxReadPages-1, file.Pages)
		unclean, err := uncleanPages(read, cleaner, first, last)
		if err != nil {
			return err
		}
		for len(unclean) > 0 {
			batch := unclean[:min(size.Size, len(unclean))]
			if err := p.step(ctx, size, len(batch), func(tx *gorm.DB) error {
				return writeClean(tx, cleaner, batch)
			}); err != nil {
				return err
			}
			unclean = unclean[len(batch):]
		}
		p.shown(int(last), int(file.Pages))
	}
	return nil
}

// uncleanPages are the numbers of those pages of a range that have something to zero.
func uncleanPages(read *gorm.DB, cleaner *pageCleaner, first, last int64) ([]int64, error) {
	numbers := make([]int64, 0, last-first+1)
	for number := first; number <= last; number++ {
		numbers = append(numbers, number)
	}
	var unclean []int64
	err := eachPage(read, numbers, func(number int64, page []byte) {
		if cleaner.clean(number, page) {
			unclean = append(unclean, number)
		}
	})
	return unclean, err
}

// writeClean cleans pages as they now are.
func writeClean(tx *gorm.DB, cleaner *pageCleaner, numbers []int64) error {
	type page struct {
		number int64
		data   []byte
	}
	var changed []page
	err := eachPage(tx, numbers, func(number int64, data []byte) {
		if cleaner.clean(number, data) {
			changed = append(changed, page{number, data})
		}
	})
	if err != nil {
		return err
	}
	for _, c := range changed {
		if err := tx.Exec("INSERT INTO sqlite_dbpage (pgno, data) VALUES (?, ?)", c.number, c.data).Error; err != nil {
			return fmt.Errorf("write page %d: %w", c.number, err)
		}
	}
	return nil
}

func eachPage(db *gorm.DB, numbers []int64, each func(number int64, page []byte)) (err error) {
	rows, err := db.Raw("SELECT pgno, data FROM sqlite_dbpage WHERE pgno IN ?", numbers).Rows()
	if err != nil {
		return fmt.Errorf("read pages: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var number int64
		var page []byte
		if err := rows.Scan(&number, &page); err != nil {
			return fmt.Errorf("read pages: %w", err)
		}
		each(number, page)
	}
	return rows.Err()
}

// boundLog keeps the log of a purge short, whose disk may be nearly full.
func (p *purge) boundLog(ctx context.Context) error {
	if size, _ := p.db.file.logSize(); size < maxPurgeLog {
		return nil
	}
	return p.emptyLog(ctx, logPatience)
}

// emptyLog moves the write-ahead log into the file and truncates it, waiting for readers.
func (p *purge) emptyLog(ctx context.Context, patience time.Duration) error {
	write := p.db.pools.Write.WithContext(ctx)
	for began := time.Now(); ; {
		var result struct{ Busy, Log, Checkpointed int }
		err := write.Raw("PRAGMA wal_checkpoint(PASSIVE)").Scan(&result).Error // most of it, without a lock
		if err == nil {
			err = write.Connection(func(own *gorm.DB) error {
				if err := setBusyTimeout(own, logAttempt); err != nil {
					return err
				}
				err := own.Raw("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&result).Error
				afterwards := own.WithContext(context.WithoutCancel(ctx)) // the connection is used again
				return errors.Join(err, setBusyTimeout(afterwards, busyMillis*time.Millisecond))
			})
		}
		switch {
		case err == nil && result.Busy == 0:
			return nil
		case err != nil && !errors.Is(err, dialect.ErrUnavailable):
			return err
		case time.Since(began) > patience:
			return fmt.Errorf("%w: another process reads it", dialect.ErrUnavailable)
		}
		select {
		case <-time.After(logRetryAfter):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func setBusyTimeout(db *gorm.DB, timeout time.Duration) error {
	return db.Exec(fmt.Sprintf("PRAGMA busy_timeout(%d)", timeout.Milliseconds())).Error
}
