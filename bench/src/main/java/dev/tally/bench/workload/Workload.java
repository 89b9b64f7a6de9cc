package dev.tally.bench.workload;

import java.util.SplittableRandom;

/**
 * A seeded stream of actions. Each record is a function of seed and position alone, so any part of it can be made again at any time.
 *
 * <p>Users and orgs are Zipf with exponent 0.9; a user's org is always the same, and one user in ten has none. 1 % of the records are
 * re-sends of one of the 20,000 before, a third of them with another time (at most half an hour off); 1 % are out of order by five
 * minutes to six hours. Every action counts for three meters: one action, some credits, some tokens.
 */
public final class Workload {

    private static final double EXPONENT = 0.9;
    private static final int IN_A_HUNDRED = 100;
    private static final int RESENT_WITHIN = 20_000;
    private static final long HALF_HOUR = 1_800_000;
    private static final long MOST_LATE = 6L * 3_600_000;
    private static final long LEAST_LATE = 300_000;
    private static final int SPACES = 20;
    private static final int MODELS = 5;
    private static final int TYPES = 12;
    private static final int TRIGGERS = 4;
    private static final long RESEND = 0x5851f42d4c957f2dL;
    private static final long HOME = 0x14057b7ef767814fL;

    private final WorkloadSpec spec;
    private final Zipf users;
    private final Zipf orgs;

    /** A workload; nothing is kept but its distributions. */
    public Workload(WorkloadSpec spec) {
        this.spec = spec;
        this.users = new Zipf(spec.users(), EXPONENT);
        this.orgs = new Zipf(spec.orgs(), EXPONENT);
    }

    /** What it is made of. */
    public WorkloadSpec spec() {
        return spec;
    }

    /** The record at a position. */
    public BenchAction record(int position) {
        SplittableRandom random = random(RESEND, position);
        if (!isResent(random, position)) {
            return fresh(position);
        }
        int first = position - 1 - random.nextInt(Math.min(position, RESENT_WITHIN));
        while (isResent(random(RESEND, first), first)) {
            first--;
        }
        BenchAction action = fresh(first);
        long shift = random.nextInt(3) == 0 ? random.nextLong(-HALF_HOUR, HALF_HOUR) : 0;
        long latest = spec.end().toEpochMilli() - 1;
        return action.again(Math.min(latest, action.occurredAt() + shift));
    }

    private static boolean isResent(SplittableRandom random, int position) {
        return random.nextInt(IN_A_HUNDRED) == 0 && position > 0;
    }

    private BenchAction fresh(int number) {
        SplittableRandom random = random(0, number);
        int user = users.rank(random);
        long at = spec.start().toEpochMilli()
                + (long) ((double) number / spec.records() * spec.span().toMillis());
        if (random.nextInt(IN_A_HUNDRED) == 0) {
            at -= random.nextLong(LEAST_LATE, MOST_LATE);
        }
        return new BenchAction(
                number,
                false,
                user,
                org(user),
                random.nextInt(SPACES),
                random.nextInt(MODELS),
                random.nextInt(TYPES),
                random.nextInt(TRIGGERS),
                at,
                1 + random.nextInt(5),
                100 + random.nextInt(2_900),
                20 + random.nextInt(780));
    }

    private int org(int user) {
        SplittableRandom home = random(HOME, user);
        return home.nextInt(10) == 0 ? BenchAction.NO_ORG : orgs.rank(home);
    }

    private SplittableRandom random(long purpose, int position) {
        return new SplittableRandom(mix(spec.seed() ^ purpose) + mix(position));
    }

    private static long mix(long value) {
        long z = value + 0x9e3779b97f4a7c15L;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
