package dev.tally.streams.state;

import dev.tally.schemas.AlertKind;
import dev.tally.schemas.Decision;
import dev.tally.schemas.FactKind;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * What the catalogue and accounts stages of this process count since its start; stream threads count, metrics read. What a transaction has
 * made that is then aborted is made, and counted, again.
 */
public final class AccountFigures {

    private final LongAdder settledOver = new LongAdder();
    private final LongAdder unkept = new LongAdder();
    private final LongAdder nonMemberActions = new LongAdder();
    private final Map<AlertKind, LongAdder> alerts = adders(AlertKind.class);
    private final Map<FactKind, LongAdder> facts = adders(FactKind.class);
    private final Map<Decision, LongAdder> decisions = adders(Decision.class);
    private final Map<CatalogueKind, LongAdder> refused = adders(CatalogueKind.class);

    private static <K extends Enum<K>> Map<K, LongAdder> adders(Class<K> kinds) {
        Map<K, LongAdder> adders = new EnumMap<>(kinds);
        for (K kind : kinds.getEnumConstants()) {
            adders.put(kind, new LongAdder());
        }
        return adders;
    }

    private static <K> LongAdder of(Map<K, LongAdder> adders, K kind) {
        return Objects.requireNonNull(adders.get(kind));
    }

    /** An event used more of a meter than was held for it. */
    public void countSettledOver() {
        settledOver.increment();
    }

    /** A request for an admission, or to cancel one, had no valid payer or action to keep an answer under. */
    public void countUnkept() {
        unkept.increment();
    }

    /** Events that used more of a meter than was held for it. */
    public long settledOver() {
        return settledOver.sum();
    }

    /** Requests without a valid payer or action to keep an answer under. */
    public long unkept() {
        return unkept.sum();
    }

    /** Actions counted for an org that pays for them, of a user who is none of its accepted members. */
    public void countNonMemberActions(long actions) {
        nonMemberActions.add(actions);
    }

    /** Actions of users who were no members of the org that pays for them; they count all the same. */
    public long nonMemberActions() {
        return nonMemberActions.sum();
    }

    /** An alert was raised. */
    public void count(AlertKind kind) {
        of(alerts, kind).increment();
    }

    /** Alerts of a kind that were raised. */
    public long alerts(AlertKind kind) {
        return of(alerts, kind).sum();
    }

    /** A billable fact was made. */
    public void count(FactKind kind) {
        of(facts, kind).increment();
    }

    /** Billable facts of a kind that were made. */
    public long facts(FactKind kind) {
        return of(facts, kind).sum();
    }

    /** An admission was decided, or its decision changed. */
    public void count(Decision decision) {
        of(decisions, decision).increment();
    }

    /** Admissions that came to a decision. */
    public long decisions(Decision decision) {
        return of(decisions, decision).sum();
    }

    /** A catalogue record was refused and kept as a dead letter. */
    public void countRefused(CatalogueKind kind) {
        of(refused, kind).increment();
    }

    /** Catalogue records of a kind that were refused. */
    public long refused(CatalogueKind kind) {
        return of(refused, kind).sum();
    }
}
