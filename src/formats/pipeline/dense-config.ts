/** config.json of Dense, Dropout and Normalize modules. */
import { choiceField, integerField, type JsonFile, onlyFields, wrongField } from '../../model/json-fields.ts';
import type { DenseActivation, DenseLayer } from '../../model/types.ts';

/** Names of Python classes; the first of each list is written. */
const classes: Readonly<Record<DenseActivation, readonly string[]>> = {
  tanh: ['torch.nn.modules.activation.Tanh', 'torch.nn.Tanh'],
  identity: ['torch.nn.modules.linear.Identity', 'torch.nn.Identity'],
};

const vectorName = 'sentence_embedding';

export function readDenseConfig(file: JsonFile): DenseLayer {
  const sizes = ['in_features', 'out_features', 'bias', 'activation_function'];
  onlyFields(file, [...sizes, 'module_input_name', 'module_output_name', 'use_residual']);
  choiceField(file, 'use_residual', [false]);
  checkNames(file);
  const { bias = true, activation_function: name = classes.tanh[0] } = file.fields;
  if (typeof bias !== 'boolean') throw wrongField(file.path, 'bias', bias, 'true or false');
  const activation = (Object.keys(classes) as DenseActivation[]).find((key) => classes[key].includes(String(name)));
  if (activation === undefined) {
    throw wrongField(file.path, 'activation_function', name, `${classes.tanh[0]} or ${classes.identity[0]}`);
  }
  const [inFeatures, outFeatures] = [integerField(file, 'in_features'), integerField(file, 'out_features')];
  return { inFeatures, outFeatures, bias, activation };
}

/** Only keys that sentence-transformers 5 knows: it fails on others. */
export const denseConfigJson = ({ inFeatures, outFeatures, bias, activation }: DenseLayer) => ({
  in_features: inFeatures,
  out_features: outFeatures,
  bias,
  activation_function: classes[activation][0],
});

/** Checks the config of a Normalize module: it has no sizes, and in newer files the names of its input and output. */
export function checkNormalizeConfig(file: JsonFile): void {
  onlyFields(file, ['module_input_name', 'module_output_name']);
  checkNames(file);
}

/** Checks the config of a Dropout module, which drops nothing but while it is trained elsewhere. */
export function checkDropoutConfig(file: JsonFile): void {
  onlyFields(file, ['dropout']);
  const { dropout = 0.2 } = file.fields;
  if (typeof dropout === 'number' && dropout >= 0 && dropout <= 1) return;
  throw wrongField(file.path, 'dropout', dropout, 'a number from 0 to 1');
}

function checkNames(file: JsonFile): void {
  choiceField(file, 'module_input_name', [vectorName]);
  choiceField(file, 'module_output_name', [vectorName]);
}
