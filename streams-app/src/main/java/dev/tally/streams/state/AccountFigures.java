package dev.tally.streams.state;

import java.util.concurrent.atomic.LongAdder;

/** What the accounts stage of this process counts since its start; stream threads count, metrics read. */
public final class AccountFigures {

    private final LongAdder settledOver = new LongAdder();
    private final LongAdder unkept = new LongAdder();
    private final LongAdder nonMemberActions = new LongAdder();

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
}
