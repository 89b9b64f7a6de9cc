package dev.tally.sink.seats;

import dev.tally.sink.delivery.LedgerLoop.Step;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.seats.SeatCalls.Completed;
import dev.tally.sink.seats.SeatLedger.DeadLetter;
import dev.tally.sink.seats.rules.Change;
import dev.tally.sink.seats.rules.CheckTimes;
import dev.tally.sink.seats.rules.ItemAnswer;
import dev.tally.sink.seats.rules.OrgSeats;
import dev.tally.sink.seats.rules.SeatItem;
import dev.tally.sink.seats.rules.SeatOutcome;
import dev.tally.sink.seats.rules.SeatRules;
import dev.tally.sink.seats.rules.Target;
import dev.tally.sink.seats.rules.UpdateLimit;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Applies the rules to each org: what is written next, and what is asked of Stripe. Used by the thread that owns the Kafka clients. */
final class SeatWork {
    private static final Logger log = LoggerFactory.getLogger(SeatWork.class);
    private static final Duration LONGEST_CHECK_PAUSE = Duration.ofMinutes(1);

    private final SeatsSettings settings;
    private final SeatsCollaborators with;
    private final SubscribedItems items;
    private final SeatCalls calls;
    private final SeatLedger ledger;
    private final SeatRules rules;
    private final UpdateLimit limit;
    private final CheckTimes checkTimes;
    private final Duration checkPause;
    private SeatBatch batch = new SeatBatch();
    private Instant lookAgainAt = Instant.MIN;

    SeatWork(
            SeatsSettings settings,
            SeatsCollaborators with,
            SubscribedItems items,
            SeatCalls calls,
            SeatLedger ledger) {
        this.settings = settings;
        this.with = with;
        this.items = items;
        this.calls = calls;
        this.ledger = ledger;
        this.rules = new SeatRules(settings.retryRule());
        this.limit = new UpdateLimit(settings.updatesPerHour());
        this.checkTimes = new CheckTimes(settings.checkInterval());
        Duration tenth = settings.checkInterval().dividedBy(10);
        this.checkPause = tenth.compareTo(LONGEST_CHECK_PAUSE) < 0 ? tenth : LONGEST_CHECK_PAUSE;
    }

    /** Takes up what the ledger says of a partition. */
    void begin(PartitionSeats partition, Instant now) {
        for (OrgWork work : partition.orgs()) {
            work.checkNumber(checkTimes.number(work.seats().org(), now));
            plan(work, now);
        }
    }

    void take(PartitionSeats partition, String org, Change change, Instant now) {
        OrgWork work = partition.find(org);
        if (work == null) {
            work = partition.add(OrgSeats.none(org, items.of(org), now));
            work.checkNumber(checkTimes.number(org, now));
        }
        if (work.seats().knows(change.version())) {
            batch.end(partition, new SeatOutcome.Known());
            return;
        }
        List<Change> before = new ArrayList<>(work.seats().open());
        before.add(change);
        work.seats(work.seats().take(change));
        batch.supersede(partition, before, work.seats().open(), 0);
        batch.write(work, Step.TAKEN);
        work.waits(now);
        plan(work, now);
    }

    void unreadable(PartitionSeats partition, DeadLetter letter) {
        batch.end(partition, new SeatOutcome.Unreadable(letter.reason(), letter.detail()), letter);
    }

    /** Sets when something is to be done for an org. */
    void plan(OrgWork work, Instant now) {
        if (!work.isBusy()) {
            switch (rules.next(work.seats(), target(work), now)) {
                case SeatRules.Next.Rest() -> work.rest();
                case SeatRules.Next.Close(OrgSeats closed, SeatOutcome outcome) -> work.dueNow(now);
                case SeatRules.Next.Read(OrgSeats prepared, String item) -> work.dueAfter(settings.debounce(), now);
                case SeatRules.Next.Send(OrgSeats intent) -> work.dueUnlessHeld(now);
            }
        }
        work.source().filed(work);
    }

    private Target target(OrgWork work) {
        return items.of(work.seats().org());
    }

    /** Does what is due for the orgs of a partition. */
    void act(PartitionSeats partition, Instant now) {
        if (!partition.isReady()) {
            return;
        }
        for (OrgWork work : partition.open()) {
            Instant due = work.dueAt();
            if (!work.isBusy() && due != null && !now.isBefore(due)) {
                act(work, now);
            }
        }
    }

    private void act(OrgWork work, Instant now) {
        switch (rules.next(work.seats(), target(work), now)) {
            case SeatRules.Next.Rest() -> plan(work, now);
            case SeatRules.Next.Close(OrgSeats closed, SeatOutcome outcome) -> end(work, closed, outcome, now);
            case SeatRules.Next.Read(OrgSeats prepared, String item) -> {
                become(work, prepared, 0);
                work.busy(true);
                calls.read(work, item);
            }
            case SeatRules.Next.Send(OrgSeats intent) -> {
                work.busy(true);
                calls.update(work, intent);
            }
        }
    }

    private void become(OrgWork work, OrgSeats after, int withOutcome) {
        List<Change> before = work.seats().open();
        work.seats(after);
        batch.supersede(work.source(), before, after.open(), withOutcome);
    }

    private void end(OrgWork work, OrgSeats after, SeatOutcome outcome, Instant now) {
        become(work, after, 1);
        if (outcome instanceof SeatOutcome.Refused(String reason, String detail)) {
            Change refused = Objects.requireNonNull(after.change());
            batch.end(work.source(), outcome, new DeadLetter(ledger.origin(work, refused), reason, detail));
            log.atError()
                    .addKeyValue("org", after.org())
                    .addKeyValue("item", after.item())
                    .addKeyValue("version", refused.version())
                    .addKeyValue("reason", reason)
                    .log("Stripe refuses a quantity of seats; the change is kept as a dead letter");
        } else {
            batch.end(work.source(), outcome);
        }
        batch.write(work, Step.OUTCOME);
        work.differs(false);
        work.succeeded();
        plan(work, now);
    }

    /** Takes an answer of Stripe. */
    void completed(Completed completed, Instant now) {
        OrgWork work = completed.work();
        work.busy(false);
        switch (completed.purpose()) {
            case READ -> read(work, completed, now);
            case UPDATE -> updated(work, completed, now);
            case CHECK -> checked(work, completed, now);
        }
    }

    /** An answer about an item that is not the org's any more says nothing, nor does one for a partition that is being given up. */
    private void read(OrgWork work, Completed completed, Instant now) {
        boolean stillAsked = target(work).equals(new Target.Item(completed.item()))
                && completed.item().equals(work.seats().item())
                && !work.seats().pending().isEmpty()
                && work.source().ownership().isOwned();
        if (stillAsked) {
            ItemAnswer answer = completed.reply().answer();
            follow(
                    work,
                    answer,
                    rules.afterRead(
                            work.seats(),
                            answer,
                            completed.reply().requestId(),
                            work.failures() + 1,
                            now,
                            with.random()),
                    now);
        } else {
            plan(work, now);
        }
    }

    private void updated(OrgWork work, Completed completed, Instant now) {
        ItemAnswer answer = completed.reply().answer();
        follow(
                work,
                answer,
                rules.afterSending(
                        work.seats(),
                        answer,
                        completed.reply().requestId(),
                        work.wasRefused(),
                        work.failures() + 1,
                        now,
                        with.random()),
                now);
    }

    private void follow(OrgWork work, ItemAnswer answer, SeatRules.Then then, Instant now) {
        switch (then) {
            case SeatRules.Then.Intend(OrgSeats intent) -> {
                Optional<Instant> room = answer instanceof ItemAnswer.Of(SeatItem item)
                        ? limit.take(item.subscription(), now)
                        : Optional.empty();
                if (room.isPresent()) {
                    work.holdUntil(room.get());
                    plan(work, now);
                } else {
                    become(work, intent, 0);
                    batch.write(work, Step.INTENT);
                    batch.thenSend(work);
                    work.busy(true);
                    work.source().filed(work);
                }
            }
            case SeatRules.Then.End(OrgSeats after, SeatOutcome outcome) -> end(work, after, outcome, now);
            case SeatRules.Then.Wait(OrgSeats after, Duration delay) -> {
                become(work, after, 0);
                work.failed(isRefusal(answer), now.plus(delay));
                log.atWarn()
                        .addKeyValue("org", after.org())
                        .addKeyValue("item", after.item())
                        .addKeyValue("answer", answer)
                        .addKeyValue("failures", work.failures())
                        .addKeyValue("delay", delay)
                        .log("Seats were not told; it is tried again");
                plan(work, now);
            }
        }
    }

    private static boolean isRefusal(ItemAnswer answer) {
        return answer instanceof ItemAnswer.Failed(Answer.Permanent refusal);
    }

    /** What is to be written next. */
    SeatBatch batch() {
        return batch;
    }

    /** Goes on after the batch was committed. */
    void committed() {
        SeatBatch committed = batch;
        batch = new SeatBatch();
        committed.outcomes().forEach(with.listener()::ended);
        for (OrgWork work : committed.toSend()) {
            if (work.source().ownership().isOwned()) {
                calls.update(work, work.seats());
            }
        }
    }

    /** Compares the items whose time has come with the ledger, and tells how many differ. */
    void check(Collection<PartitionSeats> partitions, Instant now) {
        if (now.isBefore(lookAgainAt)) {
            return;
        }
        lookAgainAt = now.plus(checkPause);
        int differing = 0;
        for (PartitionSeats partition : partitions) {
            if (partition.isReady()) {
                for (OrgWork work : partition.orgs()) {
                    differing += work.differs() ? 1 : 0;
                    check(work, now);
                }
            }
        }
        with.listener().differing(differing);
    }

    private void check(OrgWork work, Instant now) {
        long number = checkTimes.number(work.seats().org(), now);
        if (number > work.checkNumber()
                && !work.isBusy()
                && work.dueAt() == null
                && SeatRules.isChecked(work.seats(), target(work))) {
            work.checkNumber(number);
            work.busy(true);
            calls.check(work, Objects.requireNonNull(work.seats().item()));
        }
    }

    private void checked(OrgWork work, Completed completed, Instant now) {
        boolean stillAsked = SeatRules.isChecked(work.seats(), target(work))
                && completed.item().equals(work.seats().item());
        if (stillAsked) {
            switch (completed.reply().answer()) {
                case ItemAnswer.Of(SeatItem item) -> compared(work, item, now);
                case ItemAnswer.Failed(Answer answer) -> {
                    with.listener().checked(SeatsListener.Check.UNTOLD);
                    log.atWarn()
                            .addKeyValue("org", work.seats().org())
                            .addKeyValue("item", completed.item())
                            .addKeyValue("answer", answer)
                            .log("Stripe did not tell the quantity of an item; it is asked again at the next check");
                }
            }
        }
        plan(work, now);
    }

    private void compared(OrgWork work, SeatItem item, Instant now) {
        work.differs(SeatRules.differs(work.seats(), item));
        with.listener().checked(work.differs() ? SeatsListener.Check.DIFFERS : SeatsListener.Check.IN_STEP);
        if (!work.differs()) {
            return;
        }
        log.atWarn()
                .addKeyValue("org", work.seats().org())
                .addKeyValue("item", item.id())
                .addKeyValue(
                        "ledger", Objects.requireNonNull(work.seats().change()).quantity())
                .addKeyValue("stripe", item.quantity())
                .addKeyValue("repair", settings.repair())
                .log("Stripe has another quantity of seats than was sent");
        if (settings.repair()) {
            work.seats(SeatRules.repaired(work.seats(), now));
            batch.write(work, Step.TAKEN);
        }
    }
}
