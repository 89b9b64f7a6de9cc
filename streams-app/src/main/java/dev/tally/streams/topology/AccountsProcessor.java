package dev.tally.streams.topology;

import dev.tally.schemas.CatalogueRemoval;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.Tick;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CrashHook;
import dev.tally.streams.state.CrashPoint;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WriteBackStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;
import java.util.function.IntPredicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * The accounts stage: a state machine per partition of the subject log, with no other input and no clock of its own. Whatever it emits is
 * a function of that log, so a log that is processed again gives the same again.
 */
final class AccountsProcessor implements Processor<byte[], byte[], byte[], Message> {

    private final AccountSettings settings;
    private final Serde<SpecificRecord> inputs;
    private final AccountCatalogue.CatalogueSerdes serdes;
    private final String topic;
    private final Freshness freshness;
    private final IntPredicate caughtUp;
    private final CrashHook crash;
    private @Nullable Task task;

    /** @param caughtUp whether all input of a partition has been fetched */
    AccountsProcessor(
            AccountSettings settings,
            Serde<SpecificRecord> inputs,
            AccountCatalogue.CatalogueSerdes serdes,
            String topic,
            Freshness freshness,
            IntPredicate caughtUp,
            CrashHook crash) {
        this.settings = settings;
        this.inputs = inputs;
        this.serdes = serdes;
        this.topic = topic;
        this.freshness = freshness;
        this.caughtUp = caughtUp;
        this.crash = crash;
    }

    @Override
    public void init(ProcessorContext<byte[], Message> context) {
        task = new Task(context);
    }

    @Override
    public void close() {
        Task running = task;
        if (running != null) {
            running.commit.cancel();
            freshness.left(Stage.ACCOUNTS, running.partition());
            task = null;
        }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Task running = Objects.requireNonNull(task);
        if (running.isNew(record)) {
            running.take(inputs.deserializer().deserialize(topic, record.headers(), record.value()), record);
            running.writeBack.run();
        }
    }

    /** What exists once per task. */
    private final class Task {
        private final ProcessorContext<byte[], Message> context;
        private final AccountStores stores;
        private final AccountClock clock;
        private final Charges charges;
        private final UsageApplier usage;
        private final WindowExpiry expiry;
        private final AccountTerms terms;
        private final Splits splits;
        private final EarlyCommit commit;
        private final Runnable writeBack;
        private long timestamp;

        Task(ProcessorContext<byte[], Message> context) {
            this.context = context;
            stores = AccountStores.of(context);
            WriteBackStore clockStore = context.getStateStore(StoreNames.ACCOUNT_CLOCK);
            WriteBackStore windows = context.getStateStore(StoreNames.ACCOUNT_WINDOWS);
            clock = new AccountClock(clockStore, settings.intakePartitions(), topic + "-" + partition());
            terms = new AccountTerms(
                    new AccountCatalogue(serdes, key -> stores.catalogue().get(key)));
            splits = new Splits(context.getStateStore(StoreNames.ACCOUNT_SPLITS));
            charges = new Charges(stores, terms, clock, settings, this::emit);
            usage = new UsageApplier(windows, splits, terms, charges, clock, this::emit);
            expiry = new WindowExpiry(windows, charges, usage, splits, clock, settings.historyRetention());
            // Only write-back stores and sinks are written to: in a commit, caching stores have had their turn.
            writeBack = clockStore.writeBackBy(
                    context, usage::writeBack, splits::writeBack, charges::writeBack, clock::writeBack);
            commit = new EarlyCommit(context, () -> caughtUp.test(partition()));
        }

        int partition() {
            return context.taskId().partition();
        }

        /** Whether a record has not been applied yet. */
        boolean isNew(Record<byte[], byte[]> record) {
            return clock.moveTo(context.recordMetadata().orElseThrow().offset(), record.timestamp());
        }

        void take(SpecificRecord input, Record<byte[], byte[]> record) {
            timestamp = record.timestamp();
            clock.observe(Instant.ofEpochMilli(timestamp));
            switch (input) {
                case UsageSum sum -> {
                    usage.apply(sum);
                    if (sum.getAwaited()) {
                        commit.note(Instant.ofEpochMilli(timestamp));
                    }
                }
                case Tick tick -> {
                    clock.tick(tick, Instant.ofEpochMilli(timestamp));
                    freshness.note(
                            Stage.ACCOUNTS,
                            partition(),
                            clock.logTime(),
                            Instant.ofEpochMilli(context.currentSystemTimeMs()));
                    charges.closeIntervals();
                    expiry.expire();
                }
                case Meter meter -> put(CatalogueKind.METER, meter, record);
                case Plan plan -> {
                    put(CatalogueKind.PLAN, plan, record);
                    charges.planArrived(plan.getPlanId(), plan.getVersion());
                }
                case Subscription subscription -> put(CatalogueKind.SUBSCRIPTION, subscription, record);
                case Grant grant -> put(CatalogueKind.GRANT, grant, record);
                case Membership membership -> put(CatalogueKind.MEMBERSHIP, membership, record);
                case CatalogueRemoval removal ->
                    CatalogueKind.ofBaseTopic(removal.getTopic()).ifPresent(kind -> {
                        AccountCatalogue.remove(stores.catalogue(), serdes, kind, removal.getKey());
                        catalogueChanged();
                    });
                default ->
                    throw new IllegalStateException("the subject log holds a "
                            + input.getSchema().getFullName() + ", which this release does not know");
            }
        }

        private void put(CatalogueKind kind, SpecificRecord catalogued, Record<byte[], byte[]> record) {
            AccountCatalogue.put(stores.catalogue(), serdes, kind, catalogued, record.value());
            catalogueChanged();
        }

        private void catalogueChanged() {
            terms.forget();
            commit.note(Instant.ofEpochMilli(timestamp));
            crash.reached(CrashPoint.AFTER_CATALOGUE_CHANGE);
        }

        private void emit(String key, Message message) {
            String sink = switch (message) {
                case Message.Snapshot ignored -> Names.USAGE_SINK;
                case Message.Alert ignored -> Names.QUOTA_ALERTS_SINK;
                case Message.Fact ignored -> Names.BILLABLE_USAGE_SINK;
                case Message.Incoming ignored -> throw notOutput(message);
                case Message.Travelling ignored -> throw notOutput(message);
                case Message.Aside ignored -> throw notOutput(message);
                case Message.SubjectInput ignored -> throw notOutput(message);
                case Message.InForce ignored -> throw notOutput(message);
            };
            context.forward(new Record<>(key.getBytes(StandardCharsets.UTF_8), message, timestamp), sink);
        }

        private static IllegalStateException notOutput(Message message) {
            return new IllegalStateException("the accounts stage emits no " + message.getClass());
        }
    }
}
