package dev.tally.schemas;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.TopicReader;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.tally");

    @Test
    void keysShouldBePure() {
        classes()
                .that()
                .resideInAPackage("dev.tally.keys")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.tally.keys",
                        "java.lang..",
                        "java.util..",
                        "java.time",
                        "java.nio..",
                        "java.io",
                        "org.jspecify..")
                .because("every process and every language must be able to agree on keys")
                .check(CLASSES);
    }

    @Test
    void settingsShouldKnowOnlyKafkasConfigDef() {
        classes()
                .that()
                .resideInAPackage("dev.tally.settings")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.tally.settings",
                        "dev.tally.clock",
                        "java..",
                        "org.apache.kafka.common.config..",
                        "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void serdeShouldNotKnowTheRest() {
        noClasses()
                .that()
                .resideInAPackage("dev.tally.schemas.serde")
                .should()
                .dependOnClassesThat(resideInAnyPackage("dev.tally..")
                        .and(not(
                                resideInAnyPackage("dev.tally.schemas", "dev.tally.schemas.serde", "dev.tally.units"))))
                .because("it serves any of the records, on any topic")
                .check(CLASSES);
    }

    @Test
    void catalogueShouldNotKnowSerdesTopicsOrKafka() {
        noClasses()
                .that()
                .resideInAPackage("dev.tally.schemas.catalogue")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.tally.schemas.serde",
                        "dev.tally.schemas.topics",
                        "dev.tally.settings",
                        "org.apache.kafka..")
                .check(CLASSES);
    }

    @Test
    void nothingShouldNameConfluentsClasses() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.confluent..")
                .check(CLASSES);
    }

    @Test
    void packagesShouldHaveNoCycles() {
        SlicesRuleDefinition.slices()
                .matching("dev.tally.(**)")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void nothingShouldSleepOrReadTheClock() {
        noClasses()
                .that(not(belongToAnyOf(TopicReader.class, TopicAdmin.class))) // they wait for brokers
                .and()
                .resideOutsideOfPackage("dev.tally.schemas")
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", Duration.class)
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Instant.class, "now")
                .check(CLASSES);
    }
}
