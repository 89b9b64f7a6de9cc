package dev.tally.cli.standin;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class StandInIndependenceTest {

    @Test
    void shouldKnowNothingOfTallyOrKafka() {
        noClasses()
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "belong to Tally outside the stand-in, its clock apart, or to Kafka",
                        (JavaClass type) -> (type.getPackageName().startsWith("dev.tally")
                                        && !type.getPackageName().equals("dev.tally.cli.standin")
                                        && !type.getPackageName().equals("dev.tally.clock"))
                                || type.getPackageName().startsWith("org.apache.kafka")))
                .because("its totals are the independent check of what Tally reported")
                .check(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("dev.tally.cli.standin"));
    }
}
