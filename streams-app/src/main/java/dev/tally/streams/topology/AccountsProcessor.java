package dev.tally.streams.topology;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.CatalogueRemoval;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.Tick;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.AccountCatalogueWriter;
import dev.tally.streams.state.AccountFigures;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.ChangeBoard;
import dev.tally.streams.state.CrashHook;
import dev.tally.streams.state.CrashPoint;
import dev.tally.streams.state.DecisionBoard;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.Repetition;
import dev.tally.streams.state.Replayed;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WriteBackStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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

    private static final int SUBSCRIBERS_PER_TICK = 500;

    private final AccountSettings settings;
    private final Serde<SpecificRecord> inputs;
    private final AccountCatalogue.CatalogueSerdes serdes;
    private final String topic;
    private final Freshness freshness;
    private final EarlyCommits commits;
    private final CrashHook crash;
    private final DecisionBoard decisions;
    private final AccountFigures accountFigures;
    private final ChangeBoard changes;
    private @Nullable Task task;

    AccountsProcessor(
            AccountSettings settings,
            Serde<SpecificRecord> inputs,
            AccountCatalogue.CatalogueSerdes serdes,
            String topic,
            Freshness freshness,
            EarlyCommits commits,
            CrashHook crash,
            DecisionBoard decisions,
            AccountFigures accountFigures,
            ChangeBoard changes) {
        this.settings = settings;
        this.inputs = inputs;
        this.serdes = serdes;
        this.topic = topic;
        this.freshness = freshness;
        this.commits = commits;
        this.crash = crash;
        this.decisions = decisions;
        this.accountFigures = accountFigures;
        this.changes = changes;
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
            running.fresh.left();
            task = null;
        }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Task running = Objects.requireNonNull(task);
        if (running.isNew(record)) {
            running.take(inputs.deserializer().deserialize(topic, record.headers(), record.value()), record);
            running.writeBack.run();
            running.tellChanges();
        }
    }

    /** What exists once per task. */
    private final class Task {
        private final ProcessorContext<byte[], Message> context;
        private final AccountStores stores;
        private final AccountClock clock;
        private final AccountCatalogueWriter catalogue;
        private final Seats seats;
        private final Wakes wakes;
        private final Charges charges;
        private final UsageWindows windows;
        private final UsageApplier usage;
        private final WindowExpiry expiry;
        private final AccountTerms terms;
        private final Splits splits;
        private final Spikes spikes;
        private final Wakes admissionWakes;
        private final Admissions admissions;
        private final Freshness.Task fresh;
        private final EarlyCommit commit;
        private final Runnable writeBack;
        private long timestamp;
        private boolean askedElsewhere;
        private Optional<Instant> replayed = Optional.empty();

        /** Whose figures the present record has changed. */
        private final List<String> changedAccounts = new ArrayList<>();

        Task(ProcessorContext<byte[], Message> context) {
            this.context = context;
            stores = AccountStores.of(context);
            WriteBackStore clockStore = context.getStateStore(StoreNames.ACCOUNT_CLOCK);
            WriteBackStore windowStore = context.getStateStore(StoreNames.ACCOUNT_WINDOWS);
            clock = new AccountClock(clockStore, settings.intakePartitions(), topic + "-" + partition());
            terms = new AccountTerms(new AccountCatalogue(serdes, stores.catalogue()));
            catalogue = new AccountCatalogueWriter(stores.catalogue(), serdes);
            seats = new Seats(catalogue);
            wakes = new Wakes(stores.wakes(), Wakes.Cause.TERMS);
            splits = new Splits(context.getStateStore(StoreNames.ACCOUNT_SPLITS));
            Pools pools = new Pools(stores.charges(), stores.grants(), clock);
            charges = new Charges(stores, pools, terms, clock, settings, this::emit);
            windows = new UsageWindows(windowStore, terms, pools, clock, this::emit);
            usage = new UsageApplier(windows, splits, terms, pools, charges, this::settle, accountFigures, clock);
            spikes = new Spikes(context.getStateStore(StoreNames.ACCOUNT_ACTIVITY), clock, this::emit);
            expiry = new WindowExpiry(windowStore, charges, windows, splits, clock, settings.historyRetention());
            admissionWakes = new Wakes(stores.wakes(), Wakes.Cause.ADMISSIONS);
            admissions = new Admissions(
                    context.getStateStore(StoreNames.ACCOUNT_ADMISSIONS),
                    admissionWakes,
                    new AccountStandings(terms, windows, pools),
                    new AdmissionOutlet(
                            decision -> emit(decision.getPayer(), new Message.Decision(decision)),
                            decisions::decided,
                            this::again,
                            accountFigures),
                    settings.queueMax());
            // Only write-back stores and sinks are written to: in a commit, caching stores have had their turn.
            writeBack = clockStore.writeBackBy(
                    context,
                    windows::writeBack,
                    splits::writeBack,
                    charges::writeBack,
                    spikes::writeBack,
                    clock::writeBack);
            commit = commits.of(context);
            fresh = freshness.begins(Stage.ACCOUNTS, partition(), Instant.ofEpochMilli(context.currentSystemTimeMs()));
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
            askedElsewhere = Repetition.isAsked(record.headers());
            replayed = Replayed.at(record.headers());
            clock.observe(Instant.ofEpochMilli(timestamp));
            switch (input) {
                case UsageSum sum -> {
                    usage.apply(sum);
                    spikes.apply(sum);
                    release(Subject.parse(sum.getSubject()));
                    changedAccounts.add(sum.getSubject());
                    if (sum.getAwaited()) {
                        commit.note(Instant.ofEpochMilli(timestamp));
                    }
                }
                case Tick tick -> {
                    clock.tick(tick, Instant.ofEpochMilli(timestamp));
                    fresh.note(clock.logTime(), Instant.ofEpochMilli(context.currentSystemTimeMs()));
                    catalogue.walk(SUBSCRIBERS_PER_TICK).forEach(this::changed);
                    wakes.due(clock.logTime()).forEach(this::changed);
                    charges.closeIntervals();
                    if (partition() == 0) {
                        spikes.apply(tick);
                    }
                    spikes.tick();
                    expiry.expire();
                    admissionWakes.due(clock.logTime()).forEach(this::release);
                }
                case AdmissionRequest request -> {
                    admissions.request(request, clock.logTime());
                    commit.note(Instant.ofEpochMilli(timestamp));
                }
                case AdmissionCancel cancel -> {
                    admissions.cancel(cancel, clock.logTime());
                    commit.note(Instant.ofEpochMilli(timestamp));
                }
                case Meter meter -> put(CatalogueKind.METER, meter, record);
                case Plan plan -> {
                    put(CatalogueKind.PLAN, plan, record);
                    charges.planArrived(plan.getPlanId(), plan.getVersion());
                    catalogue.walkFrom(Keys.plan(plan.getPlanId(), plan.getVersion()));
                }
                case Subscription subscription -> {
                    Subject subject = Subject.parse(subscription.getSubject());
                    boolean before = isCanceled(subject);
                    put(CatalogueKind.SUBSCRIPTION, subscription, record);
                    if (isCanceled(subject) && !before) {
                        charges.closeAll(terms.account(subject.text()));
                    }
                    changed(subject);
                }
                case Grant grant -> {
                    put(CatalogueKind.GRANT, grant, record);
                    changed(Subject.parse(grant.getSubject()));
                }
                case Membership membership ->
                    member(
                            Subject.org(membership.getOrgId()),
                            membership.getUserId(),
                            membership,
                            () -> put(CatalogueKind.MEMBERSHIP, membership, record));
                case BillableFact fact -> charges.emittedBefore(fact);
                case SeatChange told -> {
                    seats.toldBefore(terms, terms.account(told.getOrg()), told);
                    terms.forget();
                }
                case CatalogueRemoval removal ->
                    CatalogueKind.ofBaseTopic(removal.getTopic()).ifPresent(kind -> remove(kind, removal.getKey()));
                default ->
                    throw new IllegalStateException("the subject log holds a "
                            + input.getSchema().getFullName() + ", which this release does not know");
            }
        }

        /** Shows a decision again; where another instance is asked, by publishing it again. */
        private void again(AdmissionDecision decision, boolean isOver) {
            decisions.asked(decision, isOver);
            if (askedElsewhere) {
                context.forward(
                        new Record<>(
                                decision.getPayer().getBytes(StandardCharsets.UTF_8),
                                new Message.Decision(decision),
                                timestamp,
                                (isOver ? Repetition.OVER : Repetition.OPEN).headers()),
                        Names.ADMISSIONS_SINK);
            }
        }

        private void settle(Subject payer, String admissionId, Map<String, Long> amounts, Instant now) {
            admissions.settle(payer, admissionId, amounts, now);
        }

        /** To be called when a payer's time has come, or when more may have become free than before. */
        private void release(Subject payer) {
            admissions.reconsider(payer, clock.logTime());
        }

        private void put(CatalogueKind kind, SpecificRecord catalogued, Record<byte[], byte[]> record) {
            catalogue.put(kind, catalogued, record.value(), replayed.orElse(clock.logTime()));
            catalogueChanged();
        }

        /** A removal of what is not there changes nothing. */
        private void remove(CatalogueKind kind, String key) {
            Runnable removal = () -> {
                catalogue.remove(kind, key);
                catalogueChanged();
            };
            switch (catalogue.find(kind, key)) {
                case null -> {}
                case Membership membership ->
                    member(Subject.org(membership.getOrgId()), membership.getUserId(), null, removal);
                case Subscription subscription -> {
                    removal.run();
                    changed(Subject.parse(subscription.getSubject()));
                }
                case Grant grant -> {
                    removal.run();
                    changed(Subject.parse(grant.getSubject()));
                }
                case Plan plan -> {
                    removal.run();
                    catalogue.walkFrom(Keys.plan(plan.getPlanId(), plan.getVersion()));
                }
                default -> removal.run();
            }
        }

        private void member(Subject org, String userId, @Nullable Membership membership, Runnable change) {
            change.run();
            // What was told of it at its time follows.
            if (replayed.isPresent()) {
                changed(org);
                return;
            }
            seats.changed(terms, terms.account(org.text()), membership, userId, clock.logTime())
                    .ifPresent(seatChange -> {
                        emit(org.text(), new Message.Seat(seatChange));
                        terms.forget();
                        changed(org);
                    });
        }

        private boolean isCanceled(Subject subject) {
            return terms.account(subject.text()).canceledAt().isPresent();
        }

        /** To be called after whatever holds for a subject has changed. */
        private void changed(Subject subject) {
            windows.reconsider(subject);
            release(subject);
            changedAccounts.add(subject.text());
            terms.account(subject.text()).nextChange(clock.logTime()).ifPresent(at -> wakes.at(at, subject));
        }

        private void catalogueChanged() {
            terms.forget();
            commit.note(Instant.ofEpochMilli(timestamp));
            crash.reached(CrashPoint.AFTER_CATALOGUE_CHANGE);
        }

        private void emit(String key, Message message) {
            String sink = switch (message) {
                case Message.Snapshot ignored -> Names.USAGE_SINK;
                case Message.Alert alert -> {
                    accountFigures.count(alert.alert().getKind());
                    yield Names.QUOTA_ALERTS_SINK;
                }
                case Message.Fact fact -> {
                    accountFigures.count(fact.fact().getKind());
                    yield Names.BILLABLE_USAGE_SINK;
                }
                case Message.Seat ignored -> Names.SEAT_CHANGES_SINK;
                case Message.Decision decision -> {
                    accountFigures.count(decision.decision().getDecision());
                    yield Names.ADMISSIONS_SINK;
                }
                case Message.Incoming ignored -> throw notOutput(message);
                case Message.Travelling ignored -> throw notOutput(message);
                case Message.Aside ignored -> throw notOutput(message);
                case Message.SubjectInput ignored -> throw notOutput(message);
                case Message.InForce ignored -> throw notOutput(message);
                case Message.Note ignored -> throw notOutput(message);
            };
            context.forward(new Record<>(key.getBytes(StandardCharsets.UTF_8), message, timestamp), sink);
        }

        /** To be called once a record's changes are where queries see them, whatever the engine. */
        private void tellChanges() {
            changedAccounts.forEach(changes::accountChanged);
            changedAccounts.clear();
        }

        private static IllegalStateException notOutput(Message message) {
            return new IllegalStateException("the accounts stage emits no " + message.getClass());
        }
    }
}
