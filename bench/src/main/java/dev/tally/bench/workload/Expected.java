package dev.tally.bench.workload;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a program must find in a workload, by an independent path: added up record by record, without windows, state or a broker.
 *
 * @param unique actions, each once
 * @param duplicates re-sent records
 * @param everyUser day counts of users where re-sent records count too
 * @param everyOrg day counts of orgs where re-sent records count too
 * @param users by meter: day counts of users, each action once
 * @param orgs by meter: day counts of orgs, each action once
 * @param reached user and day pairs that come to their plan's daily limit
 * @param billed by meter: what is billed
 */
public record Expected(
        long unique,
        long duplicates,
        Sum everyUser,
        Sum everyOrg,
        Map<String, Sum> users,
        Map<String, Sum> orgs,
        long reached,
        Map<String, Long> billed) {

    public Expected {
        users = Map.copyOf(users);
        orgs = Map.copyOf(orgs);
        billed = Map.copyOf(billed);
    }

    /** Adds up a workload under the plans of {@link BenchCatalogue}. */
    public static Expected of(Workload workload) {
        return of(workload, workload.spec().records());
    }

    /** Adds up the first records of a workload. */
    public static Expected of(Workload workload, int records) {
        Totals totals = new Totals(workload.spec());
        for (int i = 0; i < records; i++) {
            totals.add(workload.record(i));
        }
        return totals.expected();
    }

    private static final class Totals {
        private final String[] userIds;
        private final String[] orgIds;
        private final long[] poolUsed;
        private final List<Map<Long, Long>> limitUsed = new ArrayList<>();
        private final Map<String, Sum> users = new TreeMap<>();
        private final Map<String, Sum> orgs = new TreeMap<>();
        private Sum everyUser = Sum.NONE;
        private Sum everyOrg = Sum.NONE;
        private long unique;
        private long duplicates;
        private long paygCredits;

        Totals(WorkloadSpec spec) {
            userIds = new String[spec.users()];
            orgIds = new String[spec.orgs()];
            poolUsed = new long[spec.orgs()];
            for (int i = 0; i < BenchCatalogue.PRO_USERS; i++) {
                limitUsed.add(new TreeMap<>());
            }
        }

        void add(BenchAction action) {
            String user = userId(action.user());
            String org = action.hasOrg() ? orgId(action.org()) : "";
            everyUser = everyUser.plus(user, action.day(), 1);
            everyOrg = action.hasOrg() ? everyOrg.plus(org, action.day(), 1) : everyOrg;
            if (action.resent()) {
                duplicates++;
                return;
            }
            unique++;
            count(users, user, action);
            if (action.hasOrg()) {
                count(orgs, org, action);
            }
            pay(action);
        }

        private String userId(int rank) {
            if (userIds[rank] == null) {
                userIds[rank] = "user:" + BenchAction.userId(rank);
            }
            return userIds[rank];
        }

        private String orgId(int rank) {
            if (orgIds[rank] == null) {
                orgIds[rank] = "org:" + BenchAction.orgId(rank);
            }
            return orgIds[rank];
        }

        private static void count(Map<String, Sum> sums, String subject, BenchAction action) {
            plus(sums, BenchCatalogue.ACTIONS, subject, action, 1);
            plus(sums, BenchCatalogue.CREDITS, subject, action, action.credits());
            plus(sums, BenchCatalogue.TOKENS, subject, action, action.inputTokens() + action.outputTokens());
        }

        private static void plus(Map<String, Sum> sums, String meter, String subject, BenchAction action, long amount) {
            sums.merge(
                    meter,
                    Sum.NONE.plus(subject, action.day(), amount),
                    (before, now) -> new Sum(before.total() + now.total(), before.digest() + now.digest()));
        }

        private void pay(BenchAction action) {
            if (action.hasOrg() && BenchCatalogue.isPooled(action.org())) {
                poolUsed[action.org()]++;
            } else if (BenchCatalogue.isPro(action.user())) {
                limitUsed.get(action.user()).merge(action.day(), 1L, Long::sum);
            } else if (BenchCatalogue.isPayg(action.user())) {
                paygCredits += action.credits();
            }
        }

        Expected expected() {
            long overage = 0;
            for (long used : poolUsed) {
                overage += Math.max(0, used - BenchCatalogue.POOL);
            }
            long reached = limitUsed.stream()
                    .flatMap(days -> days.values().stream())
                    .filter(used -> used >= BenchCatalogue.DAILY_LIMIT)
                    .count();
            return new Expected(
                    unique,
                    duplicates,
                    everyUser,
                    everyOrg,
                    users,
                    orgs,
                    reached,
                    Map.of(BenchCatalogue.ACTIONS, overage, BenchCatalogue.CREDITS, paygCredits));
        }
    }
}
