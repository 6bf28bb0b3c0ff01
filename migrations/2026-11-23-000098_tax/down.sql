DROP TABLE tax_rule;
DROP TABLE tax_jurisdiction;
DROP TABLE tax;
