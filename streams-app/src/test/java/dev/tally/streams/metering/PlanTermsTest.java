package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.LimitTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTermsTest {

    @Test
    void shouldWarnInAscendingOrderAndLeaveTheLimitItselfToReached() {
        LimitTerms limit =
                new LimitTerms(Scope.USER, "actions", Window.DAY, 500L, Beyond.PAUSE, List.of(100, 80, 50, 80));

        assertThat(limit.warnAt()).containsExactly(50, 80);
    }
}
