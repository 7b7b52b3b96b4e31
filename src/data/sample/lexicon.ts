/**
 * The words of the sample data: what a factory's maintenance staff writes about. Every entry lists phrases that mean
 * the same and share few words, so that counting words is not enough. A phrase belongs to one entry only (a test says
 * so).
 */

type Kind = 'mechanical' | 'fluid' | 'electrical';

export interface Part {
  readonly kind: Kind;
  readonly names: readonly string[];
}

/** Two symptoms that a technician would look into together. */
export interface SymptomFamily {
  readonly kinds: readonly Kind[];
  readonly symptoms: readonly (readonly string[])[];
}

const part = (kind: Kind, ...names: string[]): Part => ({ kind, names });

export const parts: readonly Part[] = [
  part('mechanical', 'conveyor belt', 'transport band', 'feeding track'),
  part('mechanical', 'milling spindle', 'cutter shaft', 'tool holder axis'),
  part('mechanical', 'gearbox', 'reduction stage', 'transmission'),
  part('mechanical', 'ball bearing', 'race ring', 'antifriction mount'),
  part('mechanical', 'shaft coupling', 'flange joint', 'clutch'),
  part('mechanical', 'roller chain', 'link drive', 'sprocket run'),
  part('mechanical', 'robot arm', 'manipulator', 'six axis handler'),
  part('mechanical', 'gripper', 'picking claw', 'clamping hand'),
  part('mechanical', 'guide rail', 'linear slide', 'carriage way'),
  part('mechanical', 'press ram', 'stamping plunger', 'forming punch'),
  part('mechanical', 'rotary table', 'indexing plate', 'turning platform'),
  part('mechanical', 'bobbin winder', 'coiling reel', 'take up drum'),
  part('fluid', 'coolant pump', 'emulsion feeder', 'cutting oil circulator'),
  part('fluid', 'hydraulic cylinder', 'lifting piston', 'stroke actuator'),
  part('fluid', 'control valve', 'flow regulator', 'shutter gate'),
  part('fluid', 'air compressor', 'pneumatic supply', 'blower station'),
  part('fluid', 'pressure hose', 'flexible line', 'rubber tubing'),
  part('fluid', 'filter cartridge', 'strainer', 'screen insert'),
  part('fluid', 'heat exchanger', 'radiator block', 'recooler'),
  part('fluid', 'grease dispenser', 'central oiler', 'lube system'),
  part('fluid', 'storage tank', 'reservoir', 'holding vessel'),
  part('fluid', 'spray nozzle', 'jet head', 'dosing tip'),
  part('fluid', 'vacuum generator', 'suction unit', 'evacuator'),
  part('electrical', 'servo motor', 'axis drive', 'electric engine'),
  part('electrical', 'thermocouple', 'heat probe', 'temperature sensor'),
  part('electrical', 'light barrier', 'photo eye', 'optical curtain'),
  part('electrical', 'frequency inverter', 'speed controller', 'motor converter'),
  part('electrical', 'operator panel', 'touch display', 'HMI terminal'),
  part('electrical', 'rotary encoder', 'angle transducer', 'position pickup'),
  part('electrical', 'power supply', 'mains adapter', 'rectifier cabinet'),
];

const every: readonly Kind[] = ['mechanical', 'fluid', 'electrical'];
const moving: readonly Kind[] = ['mechanical', 'fluid'];

export const symptomFamilies: readonly SymptomFamily[] = [
  {
    kinds: every,
    symptoms: [
      ['overheating', 'excessive warmth', 'too many degrees'],
      ['burnt smell', 'scorched odour', 'smoke traces'],
    ],
  },
  {
    kinds: every,
    symptoms: [
      ['grinding noise', 'metallic rasping', 'harsh scraping'],
      ['squealing', 'shrill screech', 'high pitched whistle'],
    ],
  },
  {
    kinds: moving,
    symptoms: [
      ['strong vibration', 'shaking', 'heavy tremor'],
      ['wobbling', 'uneven running', 'eccentric swaying'],
    ],
  },
  {
    kinds: moving,
    symptoms: [
      ['oil leak', 'dripping fluid', 'puddle underneath'],
      ['condensation', 'damp film', 'water droplets'],
    ],
  },
  {
    kinds: moving,
    symptoms: [
      ['wear', 'abrasion marks', 'thinned surface'],
      ['hairline crack', 'fracture', 'split casing'],
    ],
  },
  {
    kinds: every,
    symptoms: [
      ['rust', 'corrosion spots', 'oxidised metal'],
      ['clogging', 'dirt layer', 'caked deposits'],
    ],
  },
  {
    kinds: moving,
    symptoms: [
      ['jamming', 'blockage', 'stuck motion'],
      ['sluggish travel', 'slow response', 'creeping pace'],
    ],
  },
  {
    kinds: moving,
    symptoms: [
      ['pressure drop', 'weak force', 'missing thrust'],
      ['load spikes', 'pulsating peaks', 'sudden surges'],
    ],
  },
  {
    kinds: every,
    symptoms: [
      ['loose screws', 'slack mounting', 'unfastened bolts'],
      ['excessive play', 'backlash', 'too much clearance'],
    ],
  },
  {
    kinds: every,
    symptoms: [
      ['misalignment', 'crooked seating', 'lateral offset'],
      ['drift', 'gradual shift', 'slipping zero point'],
    ],
  },
  {
    kinds: ['electrical'],
    symptoms: [
      ['tripped breaker', 'blown fuse', 'overcurrent cutout'],
      ['short circuit', 'earth fault', 'insulation failure'],
    ],
  },
  {
    kinds: ['electrical'],
    symptoms: [
      ['no signal', 'missing feedback', 'dead output'],
      ['flickering values', 'unstable reading', 'noisy measurement'],
    ],
  },
  {
    kinds: every,
    symptoms: [
      ['sudden stop', 'unexpected shutdown', 'abrupt halt'],
      ['failed start', 'refusal to boot', 'no reaction to the switch'],
    ],
  },
  {
    kinds: moving,
    symptoms: [
      ['scratched goods', 'surface flaws', 'damaged workpieces'],
      ['wrong dimensions', 'tolerance violation', 'inaccurate size'],
    ],
  },
  {
    kinds: every,
    symptoms: [
      ['alarm message', 'fault code', 'red lamp'],
      ['high power draw', 'rising consumption', 'wasted energy'],
    ],
  },
];

export const actions: readonly (readonly string[])[] = [
  ['replaced it', 'fitted a new one', 'swapped in a spare'],
  ['cleaned it', 'washed everything out', 'wiped it down'],
  ['lubricated it', 'applied grease', 'topped up oil'],
  ['tightened it', 'used the torque wrench', 'fastened it again'],
  ['realigned it', 'centred it', 'corrected the angle'],
  ['calibrated it', 'taught the reference', 'trimmed the zero'],
  ['restarted it', 'power cycled', 'rebooted'],
  ['inspected it', 'looked it over', 'checked by eye'],
  ['measured the current', 'used the multimeter', 'took electrical readings'],
  ['drained and refilled', 'changed the medium', 'renewed the charge'],
  ['vented it', 'bled the air', 'purged trapped gas'],
  ['reset the parameters', 'loaded factory settings', 'restored the backup'],
  ['welded it', 'repaired the seam', 'brazed the spot'],
  ['balanced it', 'added a counterweight', 'evened out the mass'],
  ['rewired it', 'shielded the leads', 'renewed the cable'],
  ['let it cool', 'waited an hour', 'gave it a rest'],
  ['called the vendor', 'contacted the manufacturer', 'requested field service'],
  ['lowered the speed', 'throttled back', 'ran it slower'],
  ['locked it out', 'isolated it', 'secured against use'],
  ['ground it flat', 'resurfaced it', 'polished it'],
];

export const causes: readonly (readonly string[])[] = [
  ['dry running', 'lack of lubricant'],
  ['old age', 'end of service life'],
  ['poor installation', 'fitting mistake'],
  ['overload', 'excess throughput'],
  ['contamination', 'foreign particles'],
  ['hot surroundings', 'summer climate'],
  ['voltage dips', 'unstable grid'],
  ['wrong handling', 'operator mistake'],
  ['chafed cable', 'broken wire'],
  ['material fatigue', 'repeated stress'],
  ['faulty program', 'bad firmware'],
  ['overdue service', 'skipped maintenance'],
];

/** Words around the matter that say nothing about it. */
export const filler = {
  places: [
    'hall A',
    'hall B',
    'line 1',
    'line 2',
    'line 3',
    'cell 4',
    'cell 7',
    'the paint shop',
    'packing',
    'the foundry',
  ],
  times: [
    'early shift',
    'late shift',
    'night shift',
    'Monday',
    'Tuesday',
    'Friday',
    'last week',
    'this morning',
    'yesterday',
  ],
  people: ['foreman', 'operator', 'fitter', 'electrician', 'planner', 'trainee'],
} as const;
