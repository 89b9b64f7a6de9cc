package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.SplitDimension;
import dev.tally.schemas.Tick;
import dev.tally.schemas.UsagePart;
import dev.tally.schemas.UsageSplit;
import dev.tally.schemas.UsageSum;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.AccountFigures;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WriteBackStore;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies between two commits: the test driver commits after each record, so the parts of the stage are driven directly. */
class WindowExpiryTest {

    private static final Instant DAY = Instant.parse("2026-11-21T00:00:00Z");
    private static final Duration RETENTION = Duration.ofDays(40);

    @TempDir
    Path stateDir;

    private final List<Message> told = new ArrayList<>();
    private final RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", "http://localhost:1"));
    private TaskStores task;
    private Splits splits;
    private AccountClock clock;
    private UsageWindows windows;
    private UsageApplier usage;
    private WindowExpiry expiry;

    @BeforeEach
    void start() {
        task = new TaskStores(stateDir);
        AccountStores stores = task.accounts();
        WriteBackStore store = task.writeBack(StoreNames.ACCOUNT_WINDOWS);
        splits = new Splits(task.writeBack(StoreNames.ACCOUNT_SPLITS));
        clock = new AccountClock(task.writeBack(StoreNames.ACCOUNT_CLOCK), 1, "subject-log-0");
        AccountTerms terms = new AccountTerms(
                new AccountCatalogue(new AccountCatalogue.CatalogueSerdes(serdes, "subject-log"), stores.catalogue()));
        AccountSettings settings = new AccountSettings(
                "test", "i-1", 1, Duration.ofMinutes(5), Duration.ofMinutes(1), Duration.ofHours(1), RETENTION, 10_000);
        Pools pools = new Pools(stores.charges(), stores.grants(), clock);
        Charges charges = new Charges(stores, pools, terms, clock, settings, (key, message) -> told.add(message));
        Settlement settlement = (payer, admissionId, amounts, now) -> {};
        windows = new UsageWindows(store, terms, pools, clock, (key, message) -> told.add(message));
        usage = new UsageApplier(windows, splits, terms, pools, charges, settlement, new AccountFigures(), clock);
        expiry = new WindowExpiry(store, charges, windows, splits, clock, RETENTION);
    }

    @AfterEach
    void stop() {
        task.close();
        serdes.close();
    }

    @Test
    void shouldTellTheLastTotalOfAWindowThatExpiresBeforeTheNextCommit() {
        // Given a window that is stored, and more usage of it since the last commit
        usage.apply(sum("m1", 5));
        writeBack();
        usage.apply(sum("m2", 3));

        // When time passes its retention within the same transaction, as in the replay of a long history
        clock.tick(new Tick(0, DAY, DAY, DAY.plus(RETENTION).plus(Duration.ofDays(2)), false, 0L), DAY);
        expiry.expire();
        writeBack();

        // Then
        assertThat(told)
                .extracting(message -> ((Message.Snapshot) message).usage().getUsed())
                .containsExactly(5L, 8L);
    }

    @Test
    void shouldLeaveNothingOfAWindowThatExpiredInTheMiddleOfATransaction() {
        // Given
        usage.apply(sum("m1", 5));
        writeBack();
        usage.apply(sum("m2", 3));

        // When
        clock.tick(new Tick(0, DAY, DAY, DAY.plus(RETENTION).plus(Duration.ofDays(2)), false, 0L), DAY);
        expiry.expire();
        writeBack();
        expiry.expire();
        writeBack();

        // Then
        assertThat(entries(StoreNames.ACCOUNT_WINDOWS)).isEmpty();
        assertThat(entries(StoreNames.ACCOUNT_SPLITS)).isEmpty();
    }

    private void writeBack() {
        windows.writeBack();
        splits.writeBack();
        clock.writeBack();
    }

    private List<KeyValue<Bytes, byte[]>> entries(String store) {
        List<KeyValue<Bytes, byte[]>> entries = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> all = task.writeBack(store).all()) {
            all.forEachRemaining(entries::add);
        }
        return entries;
    }

    private static UsageSum sum(String member, long actions) {
        return new UsageSum(
                "org:o1",
                List.of("actions"),
                List.of(new UsagePart(false, DAY, null, List.of(actions), List.of(DAY.toEpochMilli()))),
                List.of(new UsageSplit(DAY, SplitDimension.MEMBER, member, List.of(actions), null)),
                ByteBuffer.allocate(0),
                "e1",
                true,
                StepLog.FORM,
                List.of(),
                List.of());
    }
}
